/**
 * Holders: the keys, tokens or machine that links are given to. A link's path contains its holder (signed-path.ts). So
 * a holder has only characters that a path may contain, and does not help to guess a key or a token.
 */

/** The holder of all links while there are no keys: this machine. */
export const localHolder = 'l';

/** @param id of the key: [0-9a-z] */
export const holderOfKey = (id: string): string => `k${id}`;

/** @param expiresAt epoch ms. The token is valid until then: tokens cannot be revoked */
export const holderOfToken = (expiresAt: number): string => `t${expiresAt.toString(36)}`;

/** Whether the holder's key or token is valid now. */
export function stillHolds(
  holder: string,
  now: { isOpen: boolean; hasKey: (id: string) => boolean; takesTokens: boolean; at: number },
): boolean {
  const rest = holder.slice(1);
  if (holder.startsWith('k')) return now.hasKey(rest);
  if (holder.startsWith('t')) return now.takesTokens && Number.parseInt(rest, 36) > now.at;
  return holder === localHolder && now.isOpen;
}
