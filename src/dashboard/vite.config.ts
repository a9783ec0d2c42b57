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
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
  },
  logLevel: 'warn',
});
