// The pages name only what exists: links, files, settings, codes, figures, decisions.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const filesIn = (dir: string) =>
  readdirSync(path.join(root, dir), { recursive: true, encoding: 'utf8' }).map((file) =>
    path.posix.join(dir, file.replaceAll('\\', '/')),
  );

const pages = [
  ...readdirSync(root).filter((file) => file.endsWith('.md')),
  ...filesIn('docs').filter((file) => file.endsWith('.md')),
];

/** The anchor that GitHub makes for a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const anchorsIn = (page: string) =>
  [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading!));

test('docs/client.md shows the source of the client that is tested', () => {
  const shown = /<!-- client example -->\n```ts\n([\s\S]*?)```/.exec(read('docs/client.md'))?.[1];
  expect(shown).toBe(read('src/demo/analytics.ts'));
});

test('every link between pages leads to an existing page and heading', () => {
  const dead = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)]
      .filter(([, file, anchor]) => {
        const target = file ? path.posix.join(path.posix.dirname(page), file) : page;
        if (!existsSync(path.join(root, target))) return true;
        return anchor !== undefined && !anchorsIn(target).includes(anchor);
      })
      .map(([link]) => `${page}: ${link}`),
  );
  expect(dead).toEqual([]);
});

test('every source file that a page names exists', () => {
  const sources = ['src', 'test', 'prisma'].flatMap(filesIn);
  // `*` stands for any part of a file's name. Leading folders may be left out.
  const exists = (name: string) => {
    const pattern = name.replace(/[.+]/g, '\\$&').replaceAll('*', '[^/]*');
    return sources.some((file) => new RegExp(`(^|/)${pattern}$`).test(file));
  };
  const missing = pages
    // The changelog may name files of the past.
    .filter((page) => page !== 'CHANGELOG.md')
    .flatMap((page) =>
      [...read(page).matchAll(/`([\w./*-]+\.(?:ts|tsx|mjs|sql|graphql))`/g)]
        .filter(([, name]) => !existsSync(path.join(root, name!)) && !exists(name!))
        .map(([, name]) => `${page}: ${name}`),
    );
  expect(missing).toEqual([]);
});

test('every section of a page that a comment cites exists', () => {
  const cited = ['src', 'test']
    .flatMap(filesIn)
    .filter((file) => /\.tsx?$/.test(file) && !file.startsWith('src/generated'))
    .flatMap((file) =>
      [...read(file).matchAll(/(docs\/[\w/-]+\.md) (\d+)(?:\.(\d+))?/g)].map(
        ([text, page, section, item]) => ({ name: `${file}: ${text}`, page: page!, section, item }),
      ),
    );
  expect(cited.length).toBeGreaterThan(5);
  const missing = cited.filter(({ page, section, item }) => {
    const [, text] = new RegExp(`\\n## ${section}\\. ([\\s\\S]*?)(?=\\n## |$)`).exec(read(page)) ?? [];
    return !text || (item && !new RegExp(`\\n(### ${section}\\.${item} |${item}\\. )`).test(text));
  });
  expect(missing.map(({ name }) => name)).toEqual([]);
});

test('the tree in docs/design.md has every room', () => {
  const [, tree] = /```\n(src\/\n[\s\S]*?)```/.exec(read('docs/design.md'))!;
  const rooms = readdirSync(path.join(root, 'src'), { withFileTypes: true })
    .filter(({ name }) => name !== 'generated')
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
  expect(rooms.filter((room) => !new RegExp(`^  (.*, )?${room}`, 'm').test(tree!))).toEqual([]);
});

test('docs/design.md lists every decision by its title', () => {
  const list = read('docs/design.md');
  const decisions = filesIn('docs/decisions').map((file) => ({ file, title: read(file).split('\n', 1)[0]! }));
  const rows = decisions.map(({ file, title }) => {
    const [, number, text] = /^# (\d+)\. (.*)$/.exec(title)!;
    return `| [${number}](${path.posix.relative('docs', file)}) | ${text} |`;
  });
  expect(rows.filter((row) => !list.includes(row))).toEqual([]);
});

/** The names at the beginning of lines: the fields of an object in a source file, between two texts. */
const fieldsOf = (file: string, from: string, to: string) => {
  const text = read(file);
  const begin = text.indexOf(from);
  return [...text.slice(begin, text.indexOf(to, begin)).matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)].map(
    ([, name]) => name!,
  );
};

test('the README’s table has exactly the settings that exist', () => {
  const settings = fieldsOf('src/config.ts', 'const variables', 'type Variables');
  const [, table] = /## Configuration\n([\s\S]*?)\n## /.exec(read('README.md'))!;
  const cells = [...table!.matchAll(/^\| ([^|]*) \|/gm)].map(([, cell]) => cell!);
  const documented = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
  // Variables of Node.js, which other programs set.
  expect(documented.sort()).toEqual(settings.filter((name) => name !== 'NODE_ENV').sort());
});

test('every failure code, error code and alarm figure is explained', () => {
  const operations = read('docs/operations.md');
  const failures = fieldsOf('src/domain/failures.ts', 'const kinds', 'as const');
  // A store that does not answer does not make a playback FAILED.
  const explained = failures.filter((code) => code !== 'STORE_UNREACHABLE');
  expect(explained.length).toBeGreaterThan(0);
  expect(explained.filter((code) => !operations.includes(`| ${code} |`))).toEqual([]);

  const client = read('docs/client.md');
  const errors = [...read('src/domain/errors.ts').matchAll(/^ {2}\| '(\w+)'/gm)].map(([, code]) => code!);
  expect(errors.length).toBeGreaterThan(0);
  expect(errors.filter((code) => !client.includes(`\`${code}\``))).toEqual([]);

  const metrics = read('src/metrics/metrics.ts') + read('src/metrics/node-metrics.ts');
  const named = [...operations.matchAll(/flashback_\w+/g)].map(([name]) => name);
  expect(named.filter((name) => !metrics.includes(`'${name}'`))).toEqual([]);
});
