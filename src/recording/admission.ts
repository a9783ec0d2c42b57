import { RequestError } from '../domain/errors.ts';
import type { SpoolDisk } from '../spool/disk.ts';
import { type Place, type PlaceRequest, Places } from './places.ts';

export interface AdmissionOptions {
  readonly maxRecordings: number;
  /** The ids of the cameras that are on. */
  readonly camerasOn: () => Iterable<string>;
  readonly disk: SpoolDisk;
}

/** Decides whether a recording may begin: the server is not stopping, there is a place, and room on the disk. */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #places: Places;
  #draining = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#places = new Places(options.maxRecordings);
  }

  /**
   * Takes a place for a new recording. The place is taken before the disk is checked: otherwise recordings that begin
   * at the same moment would all get the last one.
   * @throws RequestError CAPACITY if no recording may begin
   */
  async admit(request: PlaceRequest): Promise<Place> {
    if (this.#draining) throw new RequestError('CAPACITY', 'The server is stopping; ask again in a moment.');
    const { camerasOn, disk } = this.#options;
    const place = this.#places.take(request, camerasOn());
    try {
      await disk.look();
      if (disk.problem) throw new RequestError('CAPACITY', `No new recording can begin: ${disk.problem}.`);
      return place;
    } catch (error) {
      place.release();
      throw error;
    }
  }

  /** Takes a place for a recording that was admitted before the server was restarted, even if none is free. */
  readmit(request: PlaceRequest): Place {
    return this.#places.add(request);
  }

  /** From now on no recording is admitted, because the server is about to stop. */
  drain(): void {
    this.#draining = true;
  }

  get isDraining(): boolean {
    return this.#draining;
  }
}
