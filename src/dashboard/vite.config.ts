import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Builds the dashboard as static files that load nothing from other servers. src/http/dashboard.ts serves them. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
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
