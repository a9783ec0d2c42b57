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

/**
 * How often the table is read although no notification came, because a notification can be lost. Each read that finds
 * nothing doubles this time, up to the longest; one that finds something begins anew.
 */
const pollMs = { shortest: 2_000, longest: 10_000 };
/** The same while this server has no connection for notifications. */
const pollWithoutNotificationsMs = 1_000;
/**
 * Rows at or above the horizon wait until an older transaction ends. It may end without a notification, so they are
 * read again after this time.
 */
const horizonRetryMs = 10;
/**
 * Hints within this time lead to one read. An event commits twice before it is answered: so the reads do not delay the
 * answer.
 */
const gatherMs = 5;
/**
 * The shortest time between two reads, with subscribers and without. Many nodes write at a time, and each tells all others.
 */
const everyMs = { watched: 50, unwatched: 1_000 };
/**
 * How many subscribers are offered transitions in one turn of the event loop. Other work, such as sending, runs between
 * turns.
 */
const offeredPerTurn = 250;
const removalEveryMs = 3_600_000;
const dayMs = 86_400_000;

/**
 * Sends transitions to subscribers (docs/design.md 7). One reader per process reads the table of
 * transitions below the horizon and offers every row, in order, to all subscribers. A hint (`nudge`, `nudgeByOther`) only
 * says that there may be something new to read. Without subscribers, it reads only what concerns this node's own playbacks,
 * for the log and the metrics.
 */
export class TransitionHub {
  readonly #db: Db;
  readonly #log: Log;
  readonly #pages: TransitionPages;
  readonly #subscribers = new Set<TransitionStream>();
  /** How many transitions of this node's playbacks to each status were read since the start. */
  readonly seen = new Map<RecordingStatus, number>();
  readonly #nodeId: string | undefined;
  readonly #isNotified: () => boolean;
  #position: Position = endBelow(1n);
  #readAt = Number.NEGATIVE_INFINITY;
  #hurry = new AbortController();
  #pollMs = pollMs.shortest;
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
   * @param options.nodeId this node; undefined: all playbacks count as its own
   * @param options.isNotified whether notifications arrive at present
   * @param options.now the present time in epoch milliseconds, by which the age of transitions is measured
   */
  constructor(options: {
    db: Db;
    log: Log;
    keepDays: number | undefined;
    now: () => number;
    nodeId?: string;
    isNotified?: () => boolean;
  }) {
    this.#now = options.now;
    this.#nodeId = options.nodeId;
    this.#isNotified = options.isNotified ?? (() => true);
    this.#keepDays = options.keepDays;
    this.#db = options.db;
    this.#log = options.log;
    this.#pages = new TransitionPages(options.db);
  }

  async start(): Promise<void> {
    await settleRestored(this.#db);
    this.#position = endBelow(await horizon(this.#db));
    this.#schedulePoll();
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

  #schedulePoll(): void {
    clearTimeout(this.#poll);
    const waitMs = this.#isNotified() ? this.#pollMs : pollWithoutNotificationsMs;
    this.#poll = setTimeout(() => {
      this.#pollMs = Math.min(this.#pollMs * 2, pollMs.longest);
      this.nudge();
      this.#schedulePoll();
    }, waitMs);
  }

  /** Another node has written transitions. Cheap, as `nudge`. */
  nudgeByOther(): void {
    if (this.#subscribers.size > 0) this.nudge();
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
      await this.#pause();
      if (this.#closed) return;
      this.#again = false;
      try {
        await this.#readPage();
      } catch (error) {
        this.#log.warn({ error }, 'transitions cannot be read; trying again');
        return;
      }
    }
  }

  /** Waits until the next read may begin. The first subscriber ends a long wait. */
  async #pause(): Promise<void> {
    const least = this.#subscribers.size > 0 ? everyMs.watched : everyMs.unwatched;
    const waitMs = Math.max(gatherMs, this.#readAt + least - performance.now());
    await sleep(waitMs, undefined, { signal: this.#hurry.signal }).catch(() => {}); // aborted by `subscribe` or `close`
  }

  async #readPage(): Promise<void> {
    this.#readAt = performance.now();
    const only = this.#subscribers.size > 0 ? undefined : this.#nodeId;
    const page = await transitionsAfter(this.#db, this.#position, pageSize, only);
    // A subscriber that came meanwhile may lack what was left out.
    if (only !== undefined && this.#subscribers.size > 0) {
      this.#again = true;
      return;
    }
    const { transitions } = page;
    const isFull = transitions.length === pageSize;
    for (const transition of transitions) if (this.#isOwn(transition)) this.#countAndLog(transition);
    this.#position = isFull ? transitions.at(-1)! : endBelow(page.horizon);
    await this.#offer(transitions);
    if (transitions.length > 0) this.#pollMs = pollMs.shortest;
    if (isFull) {
      this.#readAt = Number.NEGATIVE_INFINITY; // the next page follows without a pause
      this.#again = true;
    } else if (page.hasMoreAboveHorizon) setTimeout(() => this.nudge(), horizonRetryMs);
  }

  #isOwn({ nodeId }: Transition): boolean {
    return this.#nodeId === undefined || nodeId === null || nodeId === this.#nodeId;
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
    // What other nodes have written meanwhile was not read while there was no subscriber.
    if (this.#subscribers.size === 1) {
      this.#hurryUp();
      this.nudge();
    }
    return stream;
  }

  #hurryUp(): void {
    this.#hurry.abort();
    this.#hurry = new AbortController();
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
    this.#hurryUp();
    clearTimeout(this.#poll);
    clearInterval(this.#removal);
    await this.#removing;
    for (const subscriber of [...this.#subscribers]) await subscriber.return();
    await this.#reading;
  }
}
