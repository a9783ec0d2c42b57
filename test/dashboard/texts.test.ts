// The catalogs of the dashboard's languages fit together.
import compile from 'icu-minify/compile';
import { expect, test } from 'vitest';
import { en } from '../../src/texts/en/index.ts';
import { vi } from '../../src/texts/vi/index.ts';

interface Texts {
  readonly [key: string]: string | Texts;
}

/** The texts by their key. */
function entriesOf(texts: Texts, path = ''): [string, string][] {
  return Object.entries(texts).flatMap(([key, text]) =>
    typeof text === 'string' ? [[path + key, text] as [string, string]] : entriesOf(text, `${path}${key}.`),
  );
}

/** The placeholders and tags of a message, as "name kind", sorted. */
function placeholdersOf(message: string): string[] {
  const found = new Set<string>();
  const look = (node: unknown): void => {
    if (!Array.isArray(node)) return;
    const [name, kind, ...rest] = node;
    if (typeof name !== 'string') return;
    found.add(`${name} ${typeof kind === 'number' ? kind : kind === undefined ? 'text' : 'tag'}`);
    for (const part of [kind, ...rest]) {
      if (Array.isArray(part)) look(part);
      else if (part && typeof part === 'object') for (const choice of Object.values(part)) lookAll(choice);
    }
  };
  const lookAll = (nodes: unknown) => Array.isArray(nodes) && nodes.forEach(look);
  lookAll(compile(message));
  return [...found].sort();
}

const english = new Map(entriesOf(en));
const vietnamese = new Map(entriesOf(vi));

test('the placeholders of a message are found, and their kind', () => {
  const message = '{who} has {n, plural, one {# <b>clip</b>} other {# clips of {camera}}}';
  expect(placeholdersOf(message)).toEqual(['b tag', 'camera text', 'n 2', 'who text']);
});

test('both languages have the same texts', () => {
  expect([...vietnamese.keys()].sort()).toEqual([...english.keys()].sort());
  expect([...english, ...vietnamese].filter(([, text]) => text.trim() === '')).toEqual([]);
});

test('a text has the same placeholders in both languages', () => {
  const different = [...english].filter(
    ([key, text]) => String(placeholdersOf(text)) !== String(placeholdersOf(vietnamese.get(key)!)),
  );
  expect(different).toEqual([]);
});

test('no text was left untranslated', () => {
  const same = [...english].filter(([key, text]) => vietnamese.get(key) === text).map(([, text]) => text);
  expect([...new Set(same)].sort()).toEqual(['Camera', 'Clip', '{value} ms']);
});

test('Vietnamese is written with its composed letters', () => {
  const decomposed = [...vietnamese].filter(([, text]) => text !== text.normalize('NFC'));
  expect(decomposed).toEqual([]);
});
