import type { OtherNodes } from '../nodes/other-nodes.ts';
import { steadyNow } from '../recording/steady-clock.ts';
import type { LiveFragment } from './live-fragment.ts';
import type { LivePictures, PicturesOptions } from './live-pictures.ts';
import { RecordReader } from './records.ts';

/** If nothing comes for this long (ms), the other node is asked anew: it may be gone. */
const silentMs = 10_000;

/** The live pictures of a camera that another node reads. All viewers here share one stream from there. */
export class NodePictures implements LivePictures {
  readonly #others: OtherNodes;
  readonly #nodeId: string;
  readonly #cameraId: string;
  readonly #options: PicturesOptions;
  readonly #stop = new AbortController();
  #hasEnded = false;
  #heardAt = steadyNow();
  #waiting: LiveFragment[] = [];

  constructor(others: OtherNodes, nodeId: string, cameraId: string, options: PicturesOptions) {
    this.#others = others;
    this.#nodeId = nodeId;
    this.#cameraId = cameraId;
    this.#options = options;
    // The other node is away, or ends, or the camera has moved: all of that is found out in the next round.
    this.#read()
      .catch(() => {})
      .finally(() => {
        this.#hasEnded = true;
      });
  }

  get isHere(): boolean {
    return !this.#hasEnded && steadyNow() - this.#heardAt < silentMs;
  }

  flush(): void {
    for (const fragment of this.#waiting.splice(0)) this.#options.onFragment(fragment);
  }

  async before(ticks: number): Promise<LiveFragment[]> {
    const response = await this.#others.fetch(this.#nodeId, `ring/${this.#cameraId}/${ticks}`);
    if (!response.ok) return [];
    return new RecordReader(this.#options.number).read(new Uint8Array(await response.arrayBuffer()));
  }

  close(): void {
    this.#stop.abort();
    this.#waiting = [];
  }

  async #read(): Promise<void> {
    const { signal } = this.#stop;
    const response = await this.#others.stream(this.#nodeId, `wall/${this.#cameraId}`, signal);
    if (!response.ok || !response.body) return;
    const reader = new RecordReader(this.#options.number);
    for await (const bytes of response.body) {
      this.#heardAt = steadyNow();
      const fragments = reader.read(bytes);
      if (signal.aborted) return;
      this.#waiting.push(...fragments);
      if (fragments.length > 0) this.#options.onNew();
    }
  }
}
