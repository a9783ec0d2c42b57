/**
 * The API key of this tab. It is forgotten when the tab is closed, unless the user wants it to be remembered: then every
 * tab of this browser uses it until the user signs out.
 */

const name = 'flashback.apiKey';

export const apiKey = (): string | undefined =>
  sessionStorage.getItem(name) ?? localStorage.getItem(name) ?? undefined;

/** @param remembers whether the key is kept when the tab is closed */
export function keepApiKey(key: string, remembers: boolean): void {
  (remembers ? localStorage : sessionStorage).setItem(name, key);
}

export function forgetApiKey(): void {
  // Only this tab's own key is removed: another tab may have remembered another key meanwhile.
  if (localStorage.getItem(name) === apiKey()) localStorage.removeItem(name);
  sessionStorage.removeItem(name);
}

/** The headers of a request with this key; none without a key. */
export const authorization = (key = apiKey()): Record<string, string> =>
  key ? { authorization: `Bearer ${key}` } : {};
