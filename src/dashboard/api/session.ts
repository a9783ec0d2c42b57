/** The API key that this tab uses: kept for the browser's session, gone with the tab. */

const name = 'flashback.apiKey';

export const apiKey = (): string | undefined => sessionStorage.getItem(name) ?? undefined;

export function keepApiKey(key: string | undefined): void {
  if (key) sessionStorage.setItem(name, key);
  else sessionStorage.removeItem(name);
}

/** What requests carry; nothing where there is no key. */
export function authorization(): { authorization?: string } {
  const key = apiKey();
  return key ? { authorization: `Bearer ${key}` } : {};
}
