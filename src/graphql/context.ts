import type { Db } from '../db/client.ts';
import type { ReviewStretches } from '../db/review-stretches.ts';
import type { Caller } from '../domain/caller.ts';
import type { Camera, Playback } from '../generated/prisma/client.ts';
import type { ChangeHub } from '../pubsub/change-hub.ts';
import type { TransitionHub } from '../pubsub/transition-hub.ts';
import type { Parts } from '../usecases/parts.ts';
import type { AnswerSize } from './answer-size.ts';

/**
 * What resolvers use: use cases and their parts, subscriptions, links. Resolvers know no sockets.
 * start/services.ts makes this object.
 */
export interface Services extends Parts {
  /**
   * Queries use a pool of their own, with a time limit for each statement. In mutations, `db` is `writingDb`
   * (http/graphql.ts).
   */
  readonly db: Db;
  readonly writingDb: Db;
  readonly transitions: TransitionHub;
  /** Of what each caller has reviewed everything. */
  readonly reviewStretches: ReviewStretches;
  /** Cameras whose state changed. */
  readonly cameraStates: ChangeHub;
  /** Playbacks that have more footage in the bucket than before. */
  readonly offsiteChanges: ChangeHub;
  /** The footage of a recording is in the bucket up to this time; undefined: none is, or it is unknown here. */
  readonly offsiteUntil: (playbackId: string) => Date | undefined;
  /** Why the store takes no objects, as a sentence; undefined while it does. */
  readonly storeProblem: () => string | undefined;
  /**
   * Links for a caller, whose key or token is their holder. A link is valid only as long as that key or token; a link
   * to a bucket does not depend on it.
   */
  readonly links: {
    /** The address at which an object of the store can be fetched now. */
    object(key: string, caller: Caller): Promise<string>;
    /** Like `object`, for a browser that is to save the object under this name. */
    download(key: string, name: string, caller: Caller): Promise<string>;
    /** The clips of these playbacks as one ZIP. */
    clips(playbackIds: readonly string[], timeZone: string, caller: Caller): string;
    live(playback: Playback, caller: Caller): string | null;
    /** The WebVTT of a clip's storyboard. */
    storyboard(playback: Playback, caller: Caller): string;
    /** The poster of a clip that is not in the store yet. */
    poster(playback: Playback, caller: Caller): Promise<string | null>;
    snapshot(camera: Camera, caller: Caller): string | null;
    /** The page of a link to one clip. @param atSec where in the clip the player begins */
    share(token: string, atSec: number | undefined): string;
  };
}

/** The source of a subscription, which knows what it yields next. */
export interface Foreseeable<Item> extends AsyncIterableIterator<Item> {
  readonly atHand: readonly Item[];
}

/** The context of one operation: the services, and the caller. */
export interface Context extends Services {
  readonly caller: Caller;
  /** The size of the answer so far. Set for each execution. */
  readonly answer: AnswerSize;
}
