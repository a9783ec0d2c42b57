import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress } from 'node:zlib';
import react from '@vitejs/plugin-react';
import compile from 'icu-minify/compile';
import { build, defineConfig, type Plugin, type Rolldown } from 'vite';

interface Texts {
  readonly [key: string]: string | Texts;
}

const compiled = (texts: Texts): object =>
  Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [
      key,
      typeof text === 'string' ? compile(text) : compiled(text),
    ]),
  );

/** Compiles the texts (ICU messages), so that the browser needs no parser for them. */
const compileTexts: Plugin = {
  name: 'compile-texts',
  enforce: 'post',
  async transform(code, id) {
    if (!/\/texts\/(en|vi)\/(?!index)\w+\.ts$/.test(id)) return undefined;
    const catalog: Texts = await import(`data:text/javascript,${encodeURIComponent(code)}`);
    const parts = Object.entries(compiled(catalog));
    return {
      code: parts.map(([name, texts]) => `export const ${name} = ${JSON.stringify(texts)};`).join('\n'),
      map: null,
    };
  },
};

const digestOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** Builds the service worker, with the list of all files of this release and their digests. */
const addServiceWorker: Plugin = {
  name: 'add-service-worker',
  apply: 'build',
  generateBundle: {
    order: 'post',
    async handler(_options, bundle) {
      const folder = path.join(import.meta.dirname, 'public');
      const publicFiles = readdirSync(folder).map((file) => [
        `/${file}`,
        readFileSync(path.join(folder, file)),
      ]);
      const built = Object.values(bundle).map((file) => [
        file.fileName === 'index.html' ? '/' : `/${file.fileName}`,
        file.type === 'chunk' ? file.code : file.source,
      ]);
      const files = Object.fromEntries(
        ([...publicFiles, ...built] as [string, string | Uint8Array][]).map(([file, content]) => [
          file,
          digestOf(content),
        ]),
      );
      const release = { id: digestOf(JSON.stringify(files)).slice(0, 16), files };
      // One script without imports, because older browsers do not run a service worker that is a module.
      const source = `const release = ${JSON.stringify(release)};\n${await scriptOf('worker/service-worker.ts')}`;
      this.emitFile({ type: 'asset', fileName: 'service-worker.js', source });
    },
  },
};

/** Marks the documents as free of side effects, which codegen does not do: a script then has only those that it uses. */
const markDocuments: Plugin = {
  name: 'mark-documents',
  transform(code, id) {
    if (!id.endsWith('/gql/graphql.ts')) return undefined;
    return {
      code: code.replaceAll('= new TypedDocumentString', '= /*#__PURE__*/ new TypedDocumentString'),
      map: null,
    };
  },
};

/** The modules of the views that have chunks of their own, by path. The other views are in the entry. */
const viewModules = {
  '/playbacks': 'playbacks/page.tsx',
  '/playbacks/:id': 'playback/page.tsx',
  '/together': 'together/page.tsx',
  '/keys': 'keys/page.tsx',
  '/nodes': 'nodes/page.tsx',
  '/start': 'setup/page.tsx',
};
const languageModules = { en: '../texts/en/index.ts', vi: '../texts/vi/index.ts' };

/** Puts ahead.ts into the page, with the paths of the files that it loads. */
const addAhead: Plugin = {
  name: 'add-ahead',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    async handler(html, { bundle = {} }) {
      const chunks = Object.values(bundle).filter((file) => file.type === 'chunk');
      const entry = chunks.filter(({ isEntry }) => isEntry).flatMap((chunk) => withImports(bundle, chunk));
      const filesOf = (modules: Record<string, string>) =>
        Object.fromEntries(
          Object.entries(modules).map(([name, module]) => {
            const chunk = chunks.find(({ moduleIds }) =>
              moduleIds.includes(path.join(import.meta.dirname, module)),
            );
            if (!chunk) throw new Error(`${module} is in no chunk.`);
            return [name, withImports(bundle, chunk).filter((file) => !entry.includes(file))];
          }),
        );
      const files = {
        entry: entry.filter((file) => file.endsWith('.js')),
        views: filesOf(viewModules),
        languages: filesOf(languageModules),
      };
      const script = `const files = ${JSON.stringify(files)};\n${await scriptOf('ahead.ts')}`;
      return html.replace('<!-- ahead.ts -->', () => `<script>{${script}}</script>`);
    },
  },
};

/** The paths of a chunk, of all chunks that it imports, and of their styles. */
function withImports(bundle: Rolldown.OutputBundle, chunk: Rolldown.OutputChunk): string[] {
  const found = new Set<string>();
  const add = (it: Rolldown.OutputBundle[string] | undefined) => {
    if (it?.type !== 'chunk' || found.has(it.fileName)) return;
    found.add(it.fileName);
    for (const style of it.viteMetadata?.importedCss ?? []) found.add(style);
    for (const name of it.imports) add(bundle[name]);
  };
  add(chunk);
  return [...found].map((file) => `/${file}`);
}

/** The code of a module and of all that it imports, as one script. */
async function scriptOf(input: string): Promise<string> {
  const output = (await build({
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    plugins: [markDocuments],
    build: {
      write: false,
      target,
      rolldownOptions: { input: path.join(import.meta.dirname, input), output: { format: 'iife' } },
    },
  })) as Rolldown.RolldownOutput;
  return output.output[0].code;
}

/** Compresses all files with Brotli at its highest level. That takes too long to be done when the server starts. */
const compressFiles: Plugin = {
  name: 'compress-files',
  apply: 'build',
  async writeBundle({ dir = '' }) {
    const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile() && !entry.name.endsWith('.png'),
    );
    await Promise.all(
      files.map(async ({ parentPath, name }) => {
        const file = path.join(parentPath, name);
        writeFileSync(`${file}.br`, await promisify(brotliCompress)(readFileSync(file)));
      }),
    );
  },
};

const target = 'es2023';

/** Builds the dashboard as static files that load nothing from other servers. src/http/dashboard.ts serves them. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), compileTexts, markDocuments, addAhead, addServiceWorker, compressFiles],
  // The part of use-intl that formats compiled texts only.
  resolve: {
    alias: [{ find: /^use-intl\/format-message$/, replacement: 'use-intl/format-message/format-only' }],
  },
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    target,
    // Keeps light-dark() unchanged: the fallback for older browsers ignores a color-scheme that the user has chosen.
    cssTarget: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
    rolldownOptions: {
      checks: { bundlerTimings: false },
      // One file for all that every view needs, because each further file costs a request and headers.
      output: { codeSplitting: { groups: [{ name: 'main', tags: ['$initial'] }] } },
    },
  },
  logLevel: 'warn',
});
