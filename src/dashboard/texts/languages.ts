/** The languages of the dashboard, and which one the user has chosen in this browser. */

export const languages = { vi: 'Tiếng Việt', en: 'English' } as const;
export type Language = keyof typeof languages;

const name = 'flashback.language';

/** The language that the user has chosen in this browser, or else the first one that the browser prefers. */
export const wantedLanguage = (): Language =>
  chosenLanguage() ?? preferredTags().map(languageOf).find(isLanguage) ?? 'en';

export function chosenLanguage(): Language | undefined {
  const tag = localStorage.getItem(name);
  return isLanguage(tag) ? tag : undefined;
}

export const rememberLanguage = (next: Language): void => localStorage.setItem(name, next);

/** @param listener is called when another tab of this browser has chosen a language */
export const onChosenElsewhere = (listener: (next: Language) => void): void =>
  window.addEventListener('storage', ({ key }) => {
    const next = chosenLanguage();
    if (key === name && next) listener(next);
  });

/** The languages that the browser prefers, the most preferred one first; tags like en-GB. */
export const preferredTags = (): readonly string[] => navigator.languages ?? [navigator.language];

export const languageOf = (tag: string): string => tag.split('-')[0] ?? tag;

const isLanguage = (tag: string | null): tag is Language => tag !== null && Object.hasOwn(languages, tag);
