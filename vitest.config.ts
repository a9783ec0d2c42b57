import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Vite would take graphql's ES modules where Node takes its CommonJS ones: two copies in one process.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Every file starts real processes (ffmpeg, servers): forks keep one file's crash away from the next.
    pool: 'forks',
    // Tests wait for cameras and servers more than they compute.
    maxWorkers: 3,
    // Cameras run in real time, and a machine may be busy for a second: in CI a test may try once more.
    retry: process.env['CI'] === 'true' ? 1 : 0,
    expect: { poll: { timeout: 15_000 } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
