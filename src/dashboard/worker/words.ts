/** What the service worker needs for a notice. The dashboard writes it, because only the dashboard knows the language. */
export interface NoticeWords {
  /** The words for event types. */
  readonly types: Readonly<Record<string, string>>;
  /** undefined: the browser's. */
  readonly locale: string | undefined;
  readonly timeZone: string | undefined;
}

/** Where the words are kept: service workers have no localStorage. */
export const wordsCache = 'flashback-words';
export const wordsPath = '/words-of-notices.json';
