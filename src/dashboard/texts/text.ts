import { createTranslator } from 'use-intl/core';
import type { en } from '../../texts/en/index.ts';
import { observable } from '../api/observable.ts';

/**
 * All texts of the dashboard. Each language has a folder with one catalog per room (top-level folder of the
 * dashboard); only the language in use is loaded. The compiler knows all keys and their placeholders.
 */

export const languages = { vi: 'Tiếng Việt', en: 'English' } as const;
export type Language = keyof typeof languages;

type Texts = typeof en;
type Translate = ReturnType<typeof createTranslator<Texts>>;

const catalogs: Readonly<Record<Language, () => Promise<unknown>>> = {
  en: () => import('../../texts/en/index.ts').then((loaded) => loaded.en),
  vi: () => import('../../texts/vi/index.ts').then((loaded) => loaded.vi),
};

const name = 'flashback.language';

/**
 * The text of a key in the language in use, with its placeholders filled in. It is undefined until the first language
 * is loaded, so a module must not call it while it is loaded itself.
 */
export let t: Translate;

/** The language in use, as soon as its texts are loaded. */
export const language = observable<Language | undefined>(undefined);

/** The language with the viewer's region, like en-GB: dates and numbers are written as there. */
export function locale(): string {
  const used = language.get() ?? 'en';
  return preferred().find((tag) => languageOf(tag) === used) ?? used;
}

/** Loads the language that the user has chosen in this browser, or else the first one that the browser prefers. */
export const loadLanguage = (): Promise<void> => load(stored() ?? wanted());

/** Changes the language, and remembers it in this browser. */
export async function chooseLanguage(next: Language): Promise<void> {
  localStorage.setItem(name, next);
  await load(next);
}

async function load(next: Language): Promise<void> {
  const messages = (await catalogs[next]()) as Texts;
  t = createTranslator<Texts>({ locale: next, messages });
  language.set(next);
  document.documentElement.lang = next;
}

const isLanguage = (tag: string | null): tag is Language => tag !== null && Object.hasOwn(languages, tag);
const languageOf = (tag: string): string => tag.split('-')[0] ?? tag;
const preferred = (): readonly string[] => navigator.languages ?? [navigator.language];

function stored(): Language | undefined {
  const tag = localStorage.getItem(name);
  return isLanguage(tag) ? tag : undefined;
}

const wanted = (): Language => preferred().map(languageOf).find(isLanguage) ?? 'en';

// Another tab of this browser has changed it.
window.addEventListener('storage', ({ key }) => {
  const next = stored();
  if (key === name && next) void load(next);
});
