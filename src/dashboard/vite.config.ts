import react from '@vitejs/plugin-react';
import compile from 'icu-minify/compile';
import { defineConfig, type Plugin } from 'vite';

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

/** Builds the dashboard as static files that load nothing from other servers. src/http/dashboard.ts serves them. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), compileTexts],
  // The part of use-intl that formats compiled texts only.
  resolve: {
    alias: [{ find: /^use-intl\/format-message$/, replacement: 'use-intl/format-message/format-only' }],
  },
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    target: 'es2023',
    // Keeps light-dark() unchanged: the fallback for older browsers ignores a color-scheme that the user has chosen.
    cssTarget: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
  },
  logLevel: 'warn',
});
