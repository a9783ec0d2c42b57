import type { Keys } from '../access/keys.ts';
import type { CameraTrial } from '../db/cameras.ts';
import type { Db } from '../db/client.ts';
import type { Caller } from '../domain/caller.ts';
import type { Finisher } from '../finishing/finisher.ts';
import type { Remover } from '../finishing/remover.ts';
import type { Camera } from '../generated/prisma/client.ts';
import type { Admission } from '../recording/admission.ts';
import type { Feeds } from '../recording/feed/feeds.ts';
import type { OwnCameras } from '../recording/feed/own-cameras.ts';
import type { Recorder } from '../recording/recorder.ts';
import type { FirstCalls } from './first-calls.ts';
import type { InTurn } from './in-turn.ts';

/** The parts of the server that use cases need. Each use case names those it uses. app.ts makes them. */
export interface Parts {
  readonly db: Db;
  readonly now: () => Date;
  readonly admission: Admission;
  readonly recorder: Recorder;
  readonly feeds: Feeds;
  readonly ownCameras: OwnCameras;
  readonly finisher: Finisher;
  readonly remover: Remover;
  readonly keys: Keys;
  readonly firstCalls: FirstCalls;
  /** Deletes and protects a playback one after the other, by its id. */
  readonly inTurn: InTurn;
  /** Writes a line of the log, for actions that somebody may ask about later. */
  readonly note: (fields: object, text: string) => void;
  /** Counts an event of the caller. @throws RequestError RATE_LIMITED */
  readonly takeEvent: (caller: Caller) => void;
  /** Connects to a camera and looks at its stream. Resolves within ten seconds. @throws RequestError CAPACITY */
  readonly tryCamera: (caller: Caller, camera: CameraToTry) => Promise<CameraTrial>;
  /** Whether a playback's footage is on this server's disk, so that it can be retried. Never rejects. */
  readonly holdsFootage: (playbackId: string) => Promise<boolean>;
}

export type CameraToTry = Pick<
  Camera,
  'rtspUrl' | 'transport' | 'reader' | 'tls' | 'allowOldTls' | 'tlsFingerprint'
>;
