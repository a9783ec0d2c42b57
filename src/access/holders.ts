/**
 * What links are given to. A holder stands in the link (access/signed-path.ts), in signs that a path can have, and tells
 * nothing that its owner's secret could be guessed from.
 */

/** This machine, while there are no keys. */
export const localHolder = 'l';

/** @param id of the key: [0-9a-z] */
export const holderOfKey = (id: string): string => `k${id}`;

/** @param expiresAt epoch ms: a token is valid until then, whatever becomes of who has it */
export const holderOfToken = (expiresAt: number): string => `t${expiresAt.toString(36)}`;

/** Whether that holds now. */
export function stillHolds(
  holder: string,
  now: { isOpen: boolean; hasKey: (id: string) => boolean; takesTokens: boolean; at: number },
): boolean {
  const rest = holder.slice(1);
  if (holder.startsWith('k')) return now.hasKey(rest);
  if (holder.startsWith('t')) return now.takesTokens && Number.parseInt(rest, 36) > now.at;
  return holder === localHolder && now.isOpen;
}
