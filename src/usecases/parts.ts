import type { EventLimit } from '../access/event-limit.ts';
import type { Keys } from '../access/keys.ts';
import type { CameraTrial } from '../db/cameras.ts';
import type { Db } from '../db/client.ts';
import type { Caller } from '../domain/caller.ts';
import type { EventRate } from '../domain/event-rate.ts';
import type { Finisher } from '../finishing/finisher.ts';
import type { Remover } from '../finishing/remover.ts';
import type { Camera } from '../generated/prisma/client.ts';
import type { Admission } from '../recording/admission.ts';
import type { Feeds } from '../recording/feed/feeds.ts';
import type { OwnCameras } from '../recording/feed/own-cameras.ts';
import type { Recorder } from '../recording/recorder.ts';
import type { FirstCalls } from './first-calls.ts';
import type { NodeTasks } from './node-tasks.ts';

/** The parts of the server that use cases need. Each use case names those it uses. start/services.ts collects them. */
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
  /** Returns the tasks of the node that a row names; null: those of this server. */
  readonly tasksOf: (nodeId: string | null) => NodeTasks;
  /** Whether that node is another server. */
  readonly isElsewhere: (nodeId: string | null) => boolean;
  /** Plans at once who feeds which camera, because there is a new one. */
  readonly planOwners: () => Promise<void>;
  /** The ids of the other live nodes. */
  readonly otherNodes: () => Promise<string[]>;
  /** After a node has been away for this many hours, footage that is on its disk alone counts as lost. */
  readonly lostAfterHours: number;
  readonly firstCalls: FirstCalls;
  /** Writes a line of the log, for actions that somebody may ask about later. */
  readonly note: (fields: object, text: string) => void;
  /** The push messages to browsers: the key that browsers subscribe with, and what subscriptions must be like. */
  readonly push: {
    readonly publicKey: string;
    isEndpoint(text: string): boolean;
    areKeys(keys: { readonly p256dh: string; readonly auth: string }): boolean;
  };
  readonly eventLimit: EventLimit;
  /** How fast each key may report events, over all nodes. */
  readonly eventRate: EventRate;
  /** Connects to a camera and looks at its stream. Resolves within ten seconds. @throws RequestError CAPACITY */
  readonly tryCamera: (caller: Caller, camera: CameraToTry) => Promise<CameraTrial>;
}

export type CameraToTry = Pick<
  Camera,
  'rtspUrl' | 'transport' | 'reader' | 'tls' | 'allowOldTls' | 'tlsFingerprint'
>;
