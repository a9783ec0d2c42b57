import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The dashboard as static files that need nothing from elsewhere; src/http/dashboard.ts serves them. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    target: 'es2023',
    // light-dark() as it stands: what replaces it for older browsers knows no color-scheme that is set by hand.
    cssTarget: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
  },
  logLevel: 'warn',
});
