import type { Db } from '../db/client.ts';
import type { Caller } from '../domain/caller.ts';
import type { Camera, Playback } from '../generated/prisma/client.ts';
import type { CameraHub } from '../pubsub/camera-hub.ts';
import type { TransitionHub } from '../pubsub/transition-hub.ts';
import type { Parts } from '../usecases/parts.ts';
import type { AnswerSize } from './answer-size.ts';

/** What resolvers work with: use cases and their parts, subscriptions, links. They know no socket. app.ts makes them. */
export interface Services extends Parts {
  /** Queries have a pool of their own, with a limit for each statement; in mutations `db` is `writingDb` (http/graphql.ts). */
  readonly db: Db;
  readonly writingDb: Db;
  readonly transitions: TransitionHub;
  readonly cameraStates: CameraHub;
  /** Why the store takes no objects, in words; undefined while it does. */
  readonly storeProblem: () => string | undefined;
  /** What a link is given to ends it: where the caller's key is revoked it holds no more, unless it is a bucket's. */
  readonly links: {
    /** Where an object of the store can be fetched now. */
    object(key: string, caller: Caller): Promise<string>;
    /** The same, for a browser that is to save it under this name. */
    download(key: string, name: string, caller: Caller): Promise<string>;
    live(playback: Playback, caller: Caller): string | null;
    /** The picture of a clip that is not in the store yet. */
    poster(playback: Playback, caller: Caller): Promise<string | null>;
    snapshot(camera: Camera, caller: Caller): string | null;
  };
}

/** A subscription's source that knows what it gives next. */
export interface Foreseeable<Item> extends AsyncIterableIterator<Item> {
  readonly atHand: readonly Item[];
}

/** What one operation works with: the services, and who is calling. */
export interface Context extends Services {
  readonly caller: Caller;
  /** What the answer holds so far. Set for each execution. */
  readonly answer: AnswerSize;
}
