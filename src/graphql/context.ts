import type { CameraTrial } from '../db/cameras.ts';
import type { Db } from '../db/client.ts';
import type { PlaybackToRecord } from '../db/playbacks.ts';
import type { Position, Transition, TransitionFilter } from '../db/transitions.ts';
import type { Caller } from '../domain/caller.ts';
import type { ApiKey, Camera, Playback } from '../generated/prisma/client.ts';
import type { AnswerSize } from './answer-size.ts';

/**
 * What resolvers may use: the database, the recorder, the subscriptions, the links. They never see ffmpeg, the
 * store or a socket. app.ts puts it together.
 */
export interface Services {
  /** In mutations and what they answer `writingDb`; for all others a pool of their own, whose statements have a limit. */
  readonly db: Db;
  readonly writingDb: Db;
  readonly now: () => Date;
  readonly recorder: {
    /**
     * @param claim whose recording it is: places are shared between cameras and between callers
     * @throws RequestError CAPACITY
     */
    admit(claim: { cameraId: string; by: string }): Promise<() => void>;
    /** @returns the playback as it is then; undefined: it was not written, or was deleted meanwhile */
    begin(
      playback: PlaybackToRecord,
      camera: Camera,
      row: { by: string; isWritten?: Promise<boolean> },
    ): Promise<Playback | undefined>;
    stop(playback: { id: string }, until: Date): void;
    stopByHand(playback: Playback): Promise<void>;
  };
  readonly cameras: {
    changed(camera: Camera): Promise<void>;
    /** After its row went: ends its feed. */
    removed(cameraId: string): Promise<void>;
    /** Looks at a stream for a moment; answers within ten seconds and never rejects. */
    try(camera: CameraToTry): Promise<CameraTrial>;
  };
  readonly playbacks: {
    /** Before or after its row goes: ends what is under way for it and removes its spool. */
    discard(playbackId: string): Promise<void>;
    /** After rows went: their objects are noted for removal. */
    removed(): void;
    /** Whether its footage is on this server's disk, so that a FAILED playback can be retried. Never rejects. */
    holdsFootage(playbackId: string): Promise<boolean>;
  };
  readonly subscriptions: {
    transitions(filter: TransitionFilter, after: Position | undefined): Foreseeable<Transition>;
    /** Ids of cameras whose state is to be read again: first all that are wanted, then each that changes. */
    cameras(isWanted: (cameraId: string) => boolean): AsyncIterableIterator<string>;
  };
  readonly store: {
    /** Why it takes no objects, in words; undefined while it does. */
    problem(): string | undefined;
  };
  readonly keys: {
    make(key: {
      name: string;
      role: Caller['role'];
      cameraIds: readonly string[] | undefined;
      expiresAt: Date | undefined;
    }): Promise<{ key: ApiKey; secret: string }>;
    revoke(id: string): Promise<ApiKey | undefined>;
  };
  readonly limits: {
    /** @throws RequestError RATE_LIMITED */
    takeEvent(caller: Caller): void;
  };
  /** What a link is given to ends it: where the caller's key is revoked it holds no more, unless it is a bucket's. */
  readonly links: {
    /** Where an object of the store can be fetched now. */
    object(key: string, caller: Caller): Promise<string>;
    /** The same, for a browser that is to save it. */
    download(key: string, caller: Caller): Promise<string>;
    live(playback: Playback, caller: Caller): string | null;
    /** The picture of a clip that is not in the store yet. */
    poster(playback: Playback, caller: Caller): Promise<string | null>;
    snapshot(camera: Camera, caller: Caller): string | null;
  };
}

export type CameraToTry = Pick<
  Camera,
  'rtspUrl' | 'transport' | 'reader' | 'tls' | 'allowOldTls' | 'tlsFingerprint'
>;

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
