import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../db/client.ts';
import { removeOldTransitions, settleRestored } from '../db/transition-retention.ts';
import {
  endBelow,
  horizon,
  type Position,
  type Transition,
  type TransitionFilter,
  transitionsAfter,
} from '../db/transitions.ts';
import type { RecordingStatus } from '../domain/status.ts';
import type { Log } from '../log.ts';
import { pageSize, TransitionPages } from './transition-pages.ts';
import { TransitionStream } from './transition-stream.ts';

/** How often the table is read although no notification came: a notification can be lost. */
const pollMs = 2_000;
/**
 * Rows at or above the horizon wait until an older transaction ends. It may end without a notification, so they are
 * read again after this time.
 */
const horizonRetryMs = 10;
/**
 * Notifications within this time lead to one read. Each commit sends a notification, and an event commits twice before
 * it is answered: so the reads do not delay the answer.
 */
const gatherMs = 5;
/**
 * How many subscribers are offered transitions in one turn of the event loop. Other work, such as sending, runs between
 * turns.
 */
const offeredPerTurn = 250;
const removalEveryMs = 3_600_000;
const dayMs = 86_400_000;

/**
 * Sends transitions to subscribers (docs/design.md 7). One reader per process reads the table of
 * transitions below the horizon and offers every row, in order, to all subscribers. A notification (`nudge`) only hints
 * that there is something new to read.
 */
export class TransitionHub {
  readonly #db: Db;
  readonly #log: Log;
  readonly #pages: TransitionPages;
  readonly #subscribers = new Set<TransitionStream>();
  /** How many transitions to each status were read since the start. */
  readonly seen = new Map<RecordingStatus, number>();
  #position: Position = endBelow(1n);
  #reading: Promise<void> | undefined;
  #again = false;
  readonly #keepDays: number | undefined;
  readonly #now: () => number;
  #poll: NodeJS.Timeout | undefined;
  #removal: NodeJS.Timeout | undefined;
  #removing: Promise<void> = Promise.resolve();
  #closed = false;

  /**
   * @param options.keepDays age at which transitions are removed; undefined: never
   * @param options.now the present time in epoch milliseconds, by which the age of transitions is measured
   */
  constructor(options: { db: Db; log: Log; keepDays: number | undefined; now: () => number }) {
    this.#now = options.now;
    this.#keepDays = options.keepDays;
    this.#db = options.db;
    this.#log = options.log;
    this.#pages = new TransitionPages(options.db);
  }

  async start(): Promise<void> {
    await settleRestored(this.#db);
    this.#position = endBelow(await horizon(this.#db));
    this.#poll = setInterval(() => this.nudge(), pollMs);
    this.#removeOld();
    this.#removal = setInterval(() => this.#removeOld(), removalEveryMs);
  }

  #removeOld(): void {
    if (this.#keepDays === undefined) return;
    const before = new Date(this.#now() - this.#keepDays * dayMs);
    this.#removing = removeOldTransitions(this.#db, before).then(
      (count) => this.#log.debug({ count }, 'old transitions were removed'),
      (error: unknown) => this.#log.warn({ error }, 'old transitions cannot be removed'),
    );
  }

  /** Reads new transitions soon. Cheap: all calls during a read lead to one more read. */
  nudge(): void {
    if (this.#closed) return;
    this.#again = true;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
      if (this.#again) this.nudge();
    });
  }

  async #read(): Promise<void> {
    while (this.#again && !this.#closed) {
      await sleep(gatherMs);
      this.#again = false;
      try {
        const { transitions, hasMoreAboveHorizon } = await transitionsAfter(
          this.#db,
          this.#position,
          pageSize,
        );
        for (const transition of transitions) this.#countAndLog(transition);
        this.#position = transitions.at(-1) ?? this.#position;
        await this.#offer(transitions);
        if (transitions.length === pageSize) this.#again = true;
        else if (hasMoreAboveHorizon) setTimeout(() => this.nudge(), horizonRetryMs);
      } catch (error) {
        this.#log.warn({ error }, 'transitions cannot be read; trying again');
        return;
      }
    }
  }

  #countAndLog(transition: Transition): void {
    this.seen.set(transition.to, (this.seen.get(transition.to) ?? 0) + 1);
    this.#log.info(
      {
        playbackId: transition.playbackId,
        cameraId: transition.cameraId,
        eventId: transition.eventId,
        from: transition.from,
        to: transition.to,
      },
      'transition',
    );
  }

  async #offer(transitions: readonly Transition[]): Promise<void> {
    if (transitions.length === 0) return;
    let offered = 0;
    for (const subscriber of this.#subscribers) {
      subscriber.offer(transitions);
      if (++offered % offeredPerTurn === 0) await nextTurn();
    }
  }

  /**
   * With `after`, the stream yields all transitions after that position, then new ones as they come. Without `after`,
   * it begins with the newest transition of each playback that is not finished (schema.graphql, playbackStatusChanged).
   * No transition between the two parts is lost or repeated: the stream is registered before the first part is read.
   */
  subscribe(filter: TransitionFilter, after: Position | undefined): TransitionStream {
    const source = { db: this.#db, pages: this.#pages };
    const stream = new TransitionStream(source, filter, after, (ended) => this.#subscribers.delete(ended));
    this.#subscribers.add(stream);
    return stream;
  }

  /** The longest backlog of a subscriber, in transitions. */
  get longestBacklog(): number {
    return Math.max(0, ...[...this.#subscribers].map(({ backlog }) => backlog));
  }

  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#poll);
    clearInterval(this.#removal);
    await this.#removing;
    for (const subscriber of [...this.#subscribers]) await subscriber.return();
    await this.#reading;
  }
}
