import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { program } from './test/support/processes/program.ts';

/**
 * The files that take longest begin first, so that none of them runs alone at the end. Those that mostly wait come before
 * those that compute, so that not all of the latter run at the same time.
 */
const longest = [
  'finishing/uploads',
  'offsite/theft',
  'server/outage',
  'nodes/lost',
  'recording/many',
  'finishing/upload-formats',
  'recording/clock-steps',
  'dashboard/live',
  'recording/codecs',
  'dashboard/dashboard',
  'rtp/fuzz',
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

/** These measure how soon a server answers while something else takes the processor: nothing may run beside them. */
const alone = ['test/server/floods.test.ts'];

const shared = {
  resolve: {
    alias: [
      // Vite would take graphql's ES modules where Node takes its CommonJS ones: two copies in one process.
      { find: /^graphql$/, replacement: 'graphql/index.js' },
      // The compiled one starts its process without tsx, which takes twice the processor time.
      {
        find: /^(?!.*\/support\/).*\/processes\/launcher\.ts$/,
        replacement: program('src/processes/launcher.ts'),
      },
    ],
  },
};

/** Of all configurations (test/interop has one of its own). */
export const sharedTest = {
  // Tests start real processes (ffmpeg, servers) and handle their signals.
  pool: 'forks',
  // A process runs many files, so that it loads the packages once. Loading them took a fifth of the tests' processor time.
  isolate: false,
  // Cameras run in real time, and CI's machine may be busy for seconds. The reporter lists each retried test; one that
  // fails twice fails the run.
  retry: process.env['CI'] === 'true' ? 1 : 0,
  // Most polls are requests, which take processor time from the tests beside.
  expect: { poll: { timeout: 30_000, interval: 100 } },
  // Ends a test that hangs; on a busy machine one of ten seconds takes half a minute.
  testTimeout: 90_000,
  hookTimeout: 90_000,
} as const;

export default defineConfig({
  ...shared,
  test: {
    projects: [
      {
        ...shared,
        test: {
          ...sharedTest,
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: alone,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...shared,
        test: { ...sharedTest, name: 'alone', include: alone, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
    // Once for both projects: what they extend would run for each of them.
    globalSetup: ['test/support/global-setup.ts'],
    // Tests wait for cameras and servers more than they compute.
    maxWorkers: 5,
    sequence: { sequencer: LongestFirst },
  },
});
