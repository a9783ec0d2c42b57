import { defineConfig } from 'vitest/config';
import main, { sharedTest } from '../../vitest.config.ts';

// The projects of `npm test` would run each file once for each of them.
const { projects: _, ...settings } = main.test!;

/**
 * `npm run interop` tests servers of other projects. They are not part of `npm test`, because they must be installed
 * first.
 */
export default defineConfig({
  ...main,
  test: {
    ...settings,
    ...sharedTest,
    include: ['test/interop/*.interop.ts'],
    // Many streams are encoded at the same time.
    maxWorkers: 1,
    maxConcurrency: 4,
    testTimeout: 60_000,
    reporters: ['default', './test/interop/closing-line.ts'],
  },
});
