import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest begin first, so that none of them runs alone at the end. */
const longest = [
  'server/floods',
  'server/start',
  'server/outage',
  'recording/clock-steps',
  'torture/torture',
  'dashboard/playback',
  'recording/field-sessions',
  'rtsp/session',
  'recording/codecs',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = longest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
      return at < 0 ? longest.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  // Vite would take graphql's ES modules where Node takes its CommonJS ones: two copies in one process.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Every file starts real processes (ffmpeg, servers): forks keep one file's crash away from the next.
    pool: 'forks',
    // Tests wait for cameras and servers more than they compute.
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    expect: { poll: { timeout: 15_000 } },
    // Ends a test that hangs; on a busy machine one of ten seconds takes half a minute.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
