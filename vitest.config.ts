import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Every file starts real processes (ffmpeg, servers): forks keep one file's crash away from the next.
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
