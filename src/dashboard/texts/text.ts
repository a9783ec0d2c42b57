import { createTranslator } from 'use-intl/core';
import type { en } from '../../texts/en/index.ts';
import { observable } from '../api/observable.ts';
import {
  type Language,
  languageOf,
  onChosenElsewhere,
  preferredTags,
  rememberLanguage,
  wantedLanguage,
} from './languages.ts';

/**
 * All texts of the dashboard. Each language has a folder with one catalog per room (top-level folder of the
 * dashboard); only the language in use is loaded. The compiler knows all keys and their placeholders.
 */

type Texts = typeof en;
type Translate = ReturnType<typeof createTranslator<Texts>>;

const catalogs: Readonly<Record<Language, () => Promise<unknown>>> = {
  en: () => import('../../texts/en/index.ts').then((loaded) => loaded.en),
  vi: () => import('../../texts/vi/index.ts').then((loaded) => loaded.vi),
};

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
  return preferredTags().find((tag) => languageOf(tag) === used) ?? used;
}

export const loadLanguage = (): Promise<void> => load(wantedLanguage());

/** Changes the language, and remembers it in this browser. */
export async function chooseLanguage(next: Language): Promise<void> {
  rememberLanguage(next);
  await load(next);
}

async function load(next: Language): Promise<void> {
  const messages = (await catalogs[next]()) as Texts;
  t = createTranslator<Texts>({ locale: next, messages });
  language.set(next);
  document.documentElement.lang = next;
}

onChosenElsewhere((next) => void load(next));
