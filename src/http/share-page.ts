import type { IncomingMessage } from 'node:http';
import type { SharedClip } from '../db/share-links.ts';
import { names as enNames } from '../texts/en/names.ts';
import { share as en } from '../texts/en/share.ts';
import { names as viNames } from '../texts/vi/names.ts';
import { share as vi } from '../texts/vi/share.ts';
import { inlineSource } from './security-headers.ts';

/** The page of a link to one clip, in the language that the visitor's browser prefers. */

const languages = { en: { ...en, names: enNames }, vi: { ...vi, names: viNames } };
export type Language = keyof typeof languages;

/** Of our languages, the one that the Accept-Language header prefers (RFC 9110, 12.5.4); English if it names none of them. */
export function preferredLanguage({ headers }: IncomingMessage): Language {
  const wanted = (headers['accept-language'] ?? '').split(',').map((range) => {
    const [tag = '', ...parameters] = range
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/);
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
    return { language: tag.split('-')[0]!, weight: Number(weight) };
  });
  const known = wanted.filter(({ language, weight }) => Object.hasOwn(languages, language) && weight > 0);
  return (known.sort((a, b) => b.weight - a.weight)[0]?.language ?? 'en') as Language;
}

const style = `:root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif }
body { margin: 0 auto; padding: 20px; max-width: 1100px; overflow-wrap: anywhere }
video { display: block; width: 100%; max-height: 78vh; border-radius: 8px; background: #000 }
h1 { margin: 0 0 12px; font-size: 20px } p { margin: 12px 0 0 }`;

/** The source of the page's style, for a content security policy. */
export const styleSource = inlineSource(style);

const page = (language: Language, title: string, body: string): string =>
  `<!doctype html><html lang="${language}"><meta charset="utf-8"><title>${title}</title>` +
  `<link rel="icon" href="/icon.svg"><meta name="viewport" content="width=device-width, initial-scale=1">` +
  `<style>${style}</style><main>${body}</main></html>`;

export function gonePage(language: Language): string {
  const { gone, whyGone } = languages[language];
  return page(language, 'Flashback', `<h1>${gone}</h1><p>${whyGone}</p>`);
}

/** @param begin the second of the clip at which the player begins; undefined: at its beginning */
export function clipPage(
  { playback, expiresAt }: SharedClip,
  token: string,
  begin: string | undefined,
  language: Language,
): string {
  const { names, until } = languages[language];
  const { camera, startedAt, event, thumbnailPath } = playback;
  const name = escaped(camera.name);
  const poster = thumbnailPath ? ` poster="/share/${token}/poster.jpg"` : '';
  const what = event ? names.type[event.type] : names.byHand;
  return page(
    language,
    `${name} · Flashback`,
    `<h1>${name}</h1><video controls playsinline preload="metadata" aria-label="${name}"${poster} ` +
      `src="/share/${token}/clip.mp4${begin ? `#t=${begin}` : ''}"></video>` +
      `<p>${what} · ${timeOf(startedAt)}</p><p>${until.replace('{time}', timeOf(expiresAt))}</p>`,
  );
}

/** In UTC: a page without a script does not know its viewer's zone. */
const timeOf = (at: Date): string =>
  `<time datetime="${at.toISOString()}">${at.toISOString().slice(0, 19).replace('T', ' ')} UTC</time>`;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => entities[sign]!);
