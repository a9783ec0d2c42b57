import { observable } from '../api/observable.ts';

/** How long the playhead waits at most until every clip has its pictures. */
const patienceMs = 6_000;

/**
 * A moment that moves on with the clock, for several players. It waits while one of them has no picture yet, so that all
 * go on together.
 */
export class Playhead {
  readonly isPlaying = observable(false);
  /** How much faster than the clock. */
  readonly rate = observable(1);
  /** Changes when the moment is set, and each second while it moves. */
  readonly shown: ReturnType<typeof observable<number>>;
  /** The moment at `#setAt`, in epoch ms. */
  #moment: number;
  /** By performance.now(); undefined: it stands. */
  #setAt: number | undefined;
  #waitsSince: number | undefined;
  readonly #ready = new Map<string, boolean>();

  /** @param moment epoch ms */
  constructor(moment: number) {
    this.#moment = moment;
    this.shown = observable(moment);
  }

  /** The moment in epoch ms. @param at by performance.now() */
  moment(at = performance.now()): number {
    return this.#setAt === undefined ? this.#moment : this.#moment + (at - this.#setAt) * this.rate.get();
  }

  /** Whether it moves now; while it plays, it may wait for pictures. */
  get moves(): boolean {
    return this.#setAt !== undefined;
  }

  seek(moment: number): void {
    this.#moment = moment;
    if (this.#setAt !== undefined) this.#setAt = performance.now();
    this.shown.set(moment);
  }

  play(): void {
    this.isPlaying.set(true);
    this.tick();
  }

  pause(): void {
    this.isPlaying.set(false);
    this.#stand();
  }

  setRate(rate: number): void {
    this.seek(this.moment());
    this.rate.set(rate);
  }

  /** Call it when a player has, or no longer has, the picture of the moment. */
  report(player: string, isReady: boolean): void {
    this.#ready.set(player, isReady);
  }

  /** Call it when a player leaves. */
  forget(player: string): void {
    this.#ready.delete(player);
  }

  /** Call it for each frame of the screen: begins to move, or stands still, as the players allow. */
  tick(): void {
    const now = performance.now();
    if (Math.abs(this.moment(now) - this.shown.get()) >= 250) this.shown.set(this.moment(now));
    if (!this.isPlaying.get()) return;
    if ([...this.#ready.values()].every(Boolean)) this.#waitsSince = undefined;
    else this.#waitsSince ??= now;
    const waits = this.#waitsSince !== undefined && now - this.#waitsSince < patienceMs;
    if (waits) this.#stand();
    else this.#setAt ??= now;
  }

  #stand(): void {
    this.#moment = this.moment();
    this.#setAt = undefined;
  }
}
