import { defineConfig } from 'vitest/config';
import main from '../../vitest.config.ts';

/** `npm run interop`: servers that nobody here wrote. They are no part of `npm test`, since they are to be installed. */
export default defineConfig({
  ...main,
  test: {
    ...main.test,
    include: ['test/interop/*.interop.ts'],
    // Many streams are encoded meanwhile.
    maxWorkers: 1,
    maxConcurrency: 4,
    testTimeout: 60_000,
    reporters: ['default', './test/interop/closing-line.ts'],
  },
});
