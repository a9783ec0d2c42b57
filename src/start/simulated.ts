import type { Posters, PostersOptions } from '../finishing/posters.ts';
import type { Storyboards, StoryboardsOptions } from '../finishing/storyboards.ts';
import type { CreateSource } from '../recording/feed/create-source.ts';
import type { Store } from '../store/store.ts';

/** What takes the place of cameras, the bucket and ffmpeg in a simulation of many nodes (test/simulate/). */
export interface Simulated {
  readonly createSource?: CreateSource;
  readonly store?: Store;
  readonly createPosters?: (options: PostersOptions) => Posters;
  readonly createStoryboards?: (options: StoryboardsOptions) => Storyboards;
}
