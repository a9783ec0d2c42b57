import { steadyNow } from '../recording/steady-clock.ts';
import type { LiveFormat, LiveFragment } from './live-fragment.ts';

/** The connection to a viewer. */
export interface ViewerConnection {
  /** Sends everything that `send` sends in one system call, if possible. */
  together(send: () => void): void;
  /** Whether the viewer takes its bytes as fast as they come. */
  hasRoom(): boolean;
  /** Sends the format of the fragments that follow. */
  sendFormat(number: number, format: LiveFormat): void;
  /** Sends a fragment, and holds it until it is sent. */
  send(fragment: LiveFragment): void;
  /** Another node reads the camera now. */
  moved(): void;
  /** The camera cannot be watched any more. Its tile is closed already. */
  gone(cameraId: string): void;
}

/** What waits for a viewer is dropped when it is older than this (ms): the viewer wants the present. */
const longestWaitMs = 2_000;
/** The same for what the viewer has asked for with `back`. */
const longestBackMs = 30_000;
/** How often (ms) a viewer may ask for it: making the fragments costs milliseconds. */
const backEveryMs = 1_000;
/** The most bytes that may wait for one viewer, in all its tiles. */
const mostWaitingBytes = 16 * 2 ** 20;
/** The same while it is sent what it has asked for with `back`: as much as a ring holds by default. */
const mostBackBytes = 64 * 2 ** 20;

interface Waiting {
  readonly fragment: LiveFragment;
  readonly since: number;
}

/** A viewer with all its tiles. */
export class Viewer {
  readonly connection: ViewerConnection;
  readonly tiles = new Map<string, Tile>();
  waitingBytes = 0;
  #turn = 0;

  constructor(connection: ViewerConnection) {
    this.connection = connection;
  }

  /** Sends what waits, as far as there is room, each time beginning with another tile. */
  send(): void {
    const tiles = [...this.tiles.values()];
    if (tiles.length === 0) return;
    this.#turn = (this.#turn + 1) % tiles.length;
    this.connection.together(() => {
      for (let i = 0; i < tiles.length; i++) tiles[(this.#turn + i) % tiles.length]!.send();
    });
  }
}

/**
 * One camera as one viewer watches it. A viewer that does not take its bytes is skipped to a later keyframe: nothing
 * waits for it for long, and nobody else waits for it.
 */
export class Tile {
  readonly #viewer: Viewer;
  readonly #number: number;
  #waiting: Waiting[] = [];
  #format: LiveFormat | undefined;
  /** Whether the next fragment has to be one with which a decoder can begin. */
  #awaitsStart = true;
  /** The steady time up to which old fragments are not dropped, because the viewer has asked for them. */
  #patientUntil = Number.NEGATIVE_INFINITY;
  #wentBackAt = Number.NEGATIVE_INFINITY;

  constructor(viewer: Viewer, number: number) {
    this.#viewer = viewer;
    this.#number = number;
  }

  /** Whether the viewer may ask for what the ring holds. If so, it may not again for a second. */
  mayGoBack(): boolean {
    const now = steadyNow();
    if (now - this.#wentBackAt < backEveryMs) return false;
    this.#wentBackAt = now;
    return true;
  }

  /** Takes the camera's next fragment, and holds it if it is kept. */
  take(fragment: LiveFragment): void {
    if (this.#awaitsStart && !fragment.start) return;
    const most = this.#isPatient ? mostBackBytes : mostWaitingBytes;
    if (this.#viewer.waitingBytes + fragment.bytes > most) this.#skip();
    else this.#add(fragment);
  }

  /** Sends these fragments anew, before all that follow. The first one has to be one with which a decoder can begin. */
  begin(fragments: readonly LiveFragment[], isWanted: boolean): void {
    this.#skip();
    this.#patientUntil = isWanted ? steadyNow() + longestBackMs : Number.NEGATIVE_INFINITY;
    for (const fragment of fragments) this.take(fragment);
  }

  send(): void {
    const { connection } = this.#viewer;
    while (this.#waiting.length > 0 && connection.hasRoom()) {
      const { fragment } = this.#waiting.shift()!;
      this.#viewer.waitingBytes -= fragment.bytes;
      const format = fragment.start?.format;
      if (format && !isSame(format, this.#format)) {
        this.#format = format;
        connection.sendFormat(this.#number, format);
      }
      connection.send(fragment);
      fragment.release();
    }
    if (this.#waiting.length === 0) this.#patientUntil = Number.NEGATIVE_INFINITY;
    else if (!this.#isPatient && steadyNow() - this.#waiting[0]!.since > longestWaitMs) this.#dropToStart();
  }

  close(): void {
    this.#skip();
  }

  get #isPatient(): boolean {
    return steadyNow() < this.#patientUntil;
  }

  #add(fragment: LiveFragment): void {
    this.#awaitsStart = false;
    this.#waiting.push({ fragment: fragment.hold(), since: steadyNow() });
    this.#viewer.waitingBytes += fragment.bytes;
  }

  /** Drops what waits before the newest keyframe. If that waits for too long itself, drops everything. */
  #dropToStart(): void {
    const waiting = this.#waiting;
    const newest = waiting.findLastIndex(({ fragment }) => fragment.start !== undefined);
    if (newest < 1) this.#skip();
    else this.#drop(waiting.splice(0, newest));
  }

  /** Drops what waits. The next fragment that is sent begins with a keyframe. */
  #skip(): void {
    this.#drop(this.#waiting.splice(0));
    this.#awaitsStart = true;
  }

  #drop(dropped: readonly Waiting[]): void {
    for (const { fragment } of dropped) {
      this.#viewer.waitingBytes -= fragment.bytes;
      fragment.release();
    }
  }
}

/** Another node describes the same format with other objects. */
const isSame = (a: LiveFormat, b: LiveFormat | undefined): boolean =>
  a === b || (a.mimeType === b?.mimeType && a.message.equals(b.message));
