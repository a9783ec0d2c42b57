// Rules of the design for the code: which room imports which, and which files are generated.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { generate } from '@graphql-codegen/cli';
import {
  buildSchema,
  findBreakingChanges,
  GraphQLEnumType,
  GraphQLInputObjectType,
  type GraphQLNamedType,
  isIntrospectionType,
  isObjectType,
} from 'graphql';
import { expect, test } from 'vitest';
import codegen from '../codegen.ts';
import { printedSchema } from '../src/graphql/print.ts';
import { schema } from '../src/graphql/schema.ts';
import { version } from '../src/version.ts';

const root = path.resolve(import.meta.dirname, '..');
const src = path.join(root, 'src');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

/** Each room with the rooms that it may import. `*`: all. Files directly under src are rooms named after them. */
const mayImport: Record<string, readonly string[]> = {
  domain: [],
  codecs: [],
  footage: ['codecs'],
  mp4: ['codecs', 'footage'],
  rtp: ['codecs', 'footage'],
  rtsp: ['domain'],
  log: ['domain'],
  config: ['domain'],
  'private-folder': ['log'],
  processes: ['log', 'private-folder'],
  db: ['domain', 'log', 'processes', 'version'],
  store: ['domain', 'log', 'private-folder'],
  nodes: ['db', 'domain', 'log', 'private-folder'],
  version: [],
  pubsub: ['domain', 'db', 'log'],
  spool: ['domain', 'private-folder', 'footage', 'mp4', 'db', 'log'],
  ffmpeg: ['log', 'processes'],
  recording: 'domain codecs footage mp4 rtp rtsp spool ffmpeg db log processes'.split(' '),
  offsite: ['domain', 'mp4', 'spool', 'db', 'store', 'log'],
  finishing: 'private-folder domain mp4 spool ffmpeg db store offsite log processes'.split(' '),
  access: ['domain', 'db', 'log', 'private-folder'],
  wall: ['codecs', 'db', 'footage', 'log', 'mp4', 'nodes', 'recording'],
  push: ['access', 'db', 'domain', 'log'],
  usecases: ['domain', 'db', 'nodes', 'access', 'recording', 'finishing'],
  graphql: ['domain', 'db', 'pubsub', 'usecases'],
  texts: ['domain'],
  http: ['graphql', 'usecases', 'wall', 'nodes', 'access', 'spool', 'texts', 'domain', 'db', 'log'],
  metrics: ['domain', 'db', 'finishing', 'pubsub', 'recording', 'spool'],
  start: ['*'],
  app: ['start', 'config', 'db', 'http', 'log'],
  'check-store': ['*'],
  run: ['app', 'config', 'log'],
  main: ['run', 'config', 'log'],
  'with-database': ['config', 'db', 'log', 'processes'],
  command: ['config', 'db', 'domain'],
  key: ['access', 'command', 'config', 'db', 'domain', 'with-database'],
  secret: ['config', 'db', 'with-database'],
  recover: ['command', 'config', 'db', 'domain', 'mp4', 'offsite', 'store', 'with-database'],
  'first-start': ['access', 'config', 'db', 'with-database'],
  demo: ['*'],
};
/** Packages that only one room may use. */
const onlyIn: Record<string, RegExp> = {
  'node:child_process': /^processes\/children\.ts$/,
  pg: /^db\//,
  '@prisma/adapter-pg': /^db\//,
  'graphile-worker': /^db\//,
  '@aws-sdk/client-s3': /^store\//,
  'graphql-yoga': /^http\//,
  ws: /^(http|demo)\//,
  zod: /^(config\.ts|offsite\/|usecases\/|graphql\/|access\/)/,
};

interface Import {
  file: string;
  target: string;
  /** Whether it is a module of this project instead of a package. */
  isOwn: boolean;
}

function importsOf(): Import[] {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !/^generated\/|^dashboard\/|\/gql\//.test(file))
    .map((file) => file.replaceAll('\\', '/'));
  return files.flatMap((file) => {
    const text = readFileSync(path.join(src, file), 'utf8');
    const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
    return specifiers.map((target) => ({
      file,
      isOwn: target.startsWith('.'),
      target: target.startsWith('.') ? path.posix.join(path.posix.dirname(file), target) : target,
    }));
  });
}

const roomOf = (file: string) => file.split('/')[0]!.replace(/\.ts$/, '');

test('rooms import only what the design allows', () => {
  const breaches = importsOf().filter(({ file, target, isOwn }) => {
    const [from, to] = [roomOf(file), roomOf(target)];
    if (!isOwn || !/\.(ts|js|json)$/.test(target) || from === to || to === 'generated') return false;
    const allowed = mayImport[from];
    if (!allowed) return true;
    if (allowed.includes('*')) return false;
    return !allowed.includes(to);
  });
  expect(breaches).toEqual([]);
});

test('processes, SQL, S3 and HTTP are each used in one folder only', () => {
  const breaches = importsOf().filter(({ file, target }) => onlyIn[target] && !onlyIn[target].test(file));
  expect(breaches).toEqual([]);
});

/** Two servers in one process share nothing: changing data belongs to an instance that src/start/ makes. */
test('only the listed modules have state', () => {
  const exempt: Record<string, string> = {
    'processes/launcher-process.ts': 'a program of its own',
    'recording/sound/thread.ts': 'a program of its own',
    'recording/sound/shared-worker.ts': 'runs in that thread',
    'recording/sound/encoder.ts': 'remembers results of a pure function',
    'http/limits.ts': 'remembers results of a pure function',
    'http/public-errors.ts': 'marks errors that were made here',
    'http/graphiql-fetcher.ts': 'a script for the browser',
    'spool/spool.ts': 'lets syncs of one folder share a system call',
  };
  const isState =
    /^(export )?let |^(export )?const [^=]+= new (Map|Set|WeakMap|WeakSet|LRUCache)\b[^(]*\((\{|\)|$)|^ +static (?!readonly \w+ = [\d'"])(readonly )?#?\w+( =|:)/m;
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /\.ts$/.test(file) && !/^(generated|dashboard|demo)\//.test(file));
  const withState = files.filter((file) => isState.test(readFileSync(path.join(src, file), 'utf8')));
  expect(withState.filter((file) => !(file in exempt))).toEqual([]);
});

test('only the configuration reads the environment', () => {
  const readers = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) =>
      /\.ts$/.test(file) &&
      !file.startsWith('generated') &&
      readFileSync(path.join(src, file), 'utf8').includes('process.env'),
  );
  // The entry points pass it to readConfig. Child processes get a few harmless variables of it.
  expect(
    readers.filter((file) => !/^(main|key|demo\/main|processes\/children|[a-z-]+)\.ts$/.test(file)),
  ).toEqual([]);
});

test('the version is that of package.json', () => {
  expect(version).toBe(JSON.parse(read('package.json')).version);
});

test('schema.graphql is what the code prints', () => {
  expect(read('schema.graphql'), 'run: npm run schema').toBe(printedSchema());
});

test('the typed documents are what codegen generates', async () => {
  const files = (await generate({ ...codegen, cwd: root }, false)) as { filename: string; content: string }[];
  expect(files.length).toBeGreaterThan(0);
  for (const { filename, content } of files) {
    expect(readFileSync(path.resolve(root, filename), 'utf8'), `${filename}: run npm run schema`).toBe(
      content,
    );
  }
});

test('the schema contains the whole public contract', () => {
  const contract = buildSchema(read('test/graphql/contract.graphql'));
  expect(findBreakingChanges(contract, schema)).toEqual([]);
});

test('everything in the schema has a description', () => {
  const own = Object.values(schema.getTypeMap()).filter(
    (type) => !isIntrospectionType(type) && !['String', 'Int', 'Float', 'Boolean', 'ID'].includes(type.name),
  );
  expect(own.flatMap(undescribed)).toEqual([]);
});

function undescribed(type: GraphQLNamedType): string[] {
  const parts: { name: string; description?: string | null | undefined }[] = [
    { name: type.name, description: type.description },
  ];
  if (type instanceof GraphQLEnumType) {
    parts.push(
      ...type.getValues().map(({ name, description }) => ({ name: `${type.name}.${name}`, description })),
    );
  }
  if (isObjectType(type) || type instanceof GraphQLInputObjectType) {
    for (const field of Object.values(type.getFields())) {
      parts.push({ name: `${type.name}.${field.name}`, description: field.description });
      if (!('args' in field)) continue;
      parts.push(
        ...field.args.map(
          ({ name, description }: { name: string; description?: string | null | undefined }) => ({
            name: `${type.name}.${field.name}(${name})`,
            description,
          }),
        ),
      );
    }
  }
  return parts.filter(({ description }) => !description).map(({ name }) => name);
}

test('a component uses only classes that its style sheet has', () => {
  const dashboard = path.join(src, 'dashboard');
  const unknown = readdirSync(dashboard, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.tsx'))
    .flatMap((file) => {
      const text = readFileSync(path.join(dashboard, file), 'utf8');
      const sheet = /^import css from '(.+)'/m.exec(text)?.[1];
      if (!sheet) return [];
      const rules = readFileSync(path.resolve(dashboard, path.dirname(file), sheet), 'utf8');
      const classes = new Set([...rules.matchAll(/\.([a-z][\w-]*)/gi)].map((match) => match[1]));
      const used = [...text.matchAll(/\bcss\.(\w+)/g)].map((match) => match[1]!);
      return used.filter((name) => !classes.has(name)).map((name) => `${file}: css.${name}`);
    });
  expect(unknown).toEqual([]);
});

test('every ignored error has a comment that says why', () => {
  const ignoring = /\.catch\(\(\) =>|\} catch \{|, \(\) => \{\}\)/;
  const silent = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !/^generated|gql/.test(file))
    .flatMap((file) => {
      const lines = readFileSync(path.join(src, file), 'utf8').split('\n');
      const isExplained = (at: number) =>
        lines.slice(Math.max(0, at - 3), at + 2).some((line) => /\/\/|\*\//.test(line));
      return lines.flatMap((line, at) =>
        ignoring.test(line) && !isExplained(at) ? [`${file}:${at + 1}`] : [],
      );
    });
  expect(silent).toEqual([]);
});

test('there is one copy of graphql', () => {
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, unknown> };
  expect(Object.keys(lock.packages).filter((name) => /(^|\/)node_modules\/graphql$/.test(name))).toEqual([
    'node_modules/graphql',
  ]);
});

test('files are small', () => {
  const sizes = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !/^generated|gql/.test(file))
    .map((file) => ({ file, lines: readFileSync(path.join(src, file), 'utf8').split('\n').length }))
    .sort((a, b) => a.lines - b.lines);
  expect(sizes.filter(({ lines }) => lines > 400)).toEqual([]);
  expect(sizes[Math.floor(sizes.length / 2)]!.lines).toBeLessThanOrEqual(120);
  expect(sizes[Math.floor(sizes.length * 0.9)]!.lines).toBeLessThanOrEqual(300);
});
