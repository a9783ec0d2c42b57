// A process with several nodes: `nodes-process`. Gets their settings as a message, answers when all of them are ready, and
// ends them when its parent is gone.
import { startApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import type { PostersOptions } from '../../src/finishing/posters.ts';
import type { StoryboardsOptions } from '../../src/finishing/storyboards.ts';
import { createLog } from '../../src/log.ts';
import { SimulatedPosters, SimulatedStoryboards, simulatedStore } from './outside.ts';
import { simulatedSources } from './source.ts';

export type NodeSettings = Record<string, string>;

const createSource = simulatedSources();
const log = createLog('error', process.stderr);

process.on('disconnect', () => process.exit(0));
process.on('message', async (settings: NodeSettings[]) => {
  const createStoryboards = (options: StoryboardsOptions) => new SimulatedStoryboards(options);
  const simulated = {
    createStoryboards,
    createSource,
    createPosters: (options: PostersOptions) => new SimulatedPosters(options),
  };
  await Promise.all(
    settings.map((environment) =>
      startApp(readConfig(environment), log, Date.now, undefined, undefined, {
        ...simulated,
        store: simulatedStore(),
      }),
    ),
  );
  process.send!('ready');
});
