import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
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
      const source = `const release = ${JSON.stringify(release)};\n${await workerCode()}`;
      this.emitFile({ type: 'asset', fileName: 'service-worker.js', source });
    },
  },
};

/** The service worker as one script. It shares no chunk with the page, because it is no module in older browsers. */
async function workerCode(): Promise<string> {
  const output = (await build({
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    build: {
      write: false,
      target,
      rolldownOptions: {
        input: path.join(import.meta.dirname, 'worker/service-worker.ts'),
        output: { format: 'iife' },
      },
    },
  })) as Rolldown.RolldownOutput;
  return output.output[0].code;
}

const target = 'es2023';

/** Builds the dashboard as static files that load nothing from other servers. src/http/dashboard.ts serves them. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), compileTexts, addServiceWorker],
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
  },
  logLevel: 'warn',
});
