import { RequestError } from '../domain/errors.ts';

/** Who asks for a place, and for which camera. */
export interface PlaceRequest {
  readonly cameraId: string;
  /** The name of the caller; undefined for a recording that goes on after a restart. */
  readonly by: string | undefined;
}

/** The place of one recording. Its owner hands it on or releases it. Releasing it twice changes nothing. */
export interface Place {
  release(): void;
}

/**
 * The places for recordings, shared so that nobody can take them all:
 * - A camera's first recording takes any free place.
 * - One place is kept for each camera that is on and has no recording, up to half of all places. So the first recording
 *   of every camera finds a place wherever there are twice as many places as cameras.
 * - An additional recording of a camera that is being recorded gets a place only if more places are left than the
 *   number of recordings of that camera, and more than the number of additional recordings of the caller (dynamic
 *   thresholds; Choudhury and Hahne, IEEE/ACM ToN 6(2), 1998).
 */
export class Places {
  readonly #most: number;
  readonly #taken = new Map<object, PlaceRequest & { readonly isAdditional: boolean }>();

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Takes a place for a new recording.
   * @param camerasOn ids of all cameras that are on
   * @throws RequestError CAPACITY that says which share is used up
   */
  take(request: PlaceRequest, camerasOn: Iterable<string>): Place {
    const all = this.#most;
    const taken = this.#taken.size;
    if (taken >= all) refuse(`${taken} run, and MAX_RECORDINGS is ${all}.`);
    const ofCamera = this.#count(({ cameraId }) => cameraId === request.cameraId);
    if (ofCamera > 0) {
      const left = all - taken - Math.min(this.#idle(camerasOn), Math.floor(all / 2));
      const ofCaller = this.#count(({ by, isAdditional }) => isAdditional && by === request.by);
      const places = `of MAX_RECORDINGS (${all}) ${Math.max(0, left)} are left for additional recordings`;
      if (ofCamera >= left) refuse(`this camera has ${ofCamera} already, and ${places}.`);
      if (ofCaller >= left) refuse(`this key has ${ofCaller} additional ones already, and ${places}.`);
    }
    return this.add(request);
  }

  /** Takes a place for a recording that must go on, even if none is free. */
  add(request: PlaceRequest): Place {
    const isAdditional = this.#count(({ cameraId }) => cameraId === request.cameraId) > 0;
    const token = {};
    this.#taken.set(token, { ...request, isAdditional });
    return { release: () => void this.#taken.delete(token) };
  }

  #count(isMeant: (taken: PlaceRequest & { isAdditional: boolean }) => boolean): number {
    let count = 0;
    for (const taken of this.#taken.values()) if (isMeant(taken)) count++;
    return count;
  }

  /** How many cameras are on and have no recording. */
  #idle(camerasOn: Iterable<string>): number {
    const idle = new Set(camerasOn);
    for (const { cameraId } of this.#taken.values()) idle.delete(cameraId);
    return idle.size;
  }
}

function refuse(why: string): never {
  throw new RequestError('CAPACITY', `No new recording can begin: ${why}`);
}
