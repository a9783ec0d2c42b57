/**
 * Live pictures on their way from the node that reads a camera to another one: records with a length (4 bytes), then
 * the format as JSON, or a fragment as the message that viewers get. A record of a fragment has when its keyframe is
 * shown in front (8 bytes; NaN: it has none).
 */
import { type LiveFormat, LiveFragment } from './live-fragment.ts';

const lengthBytes = 4;
const kindBytes = 1;
const ticksBytes = 8;
const kinds = { format: 1, fragment: 2 } as const;
/** No record is longer: a fragment has half a second. */
const mostBytes = 64 * 2 ** 20;

export function formatRecord({ mimeType, message }: LiveFormat): Buffer {
  const body = Buffer.from(JSON.stringify({ mimeType, message: message.toString('base64') }));
  return Buffer.concat([recordHead(kinds.format, body.length), body]);
}

/** @returns the record in pieces: valid as long as the fragment is held */
export function fragmentRecord({ bytes, start, views }: LiveFragment): Buffer[] {
  const ticks = Buffer.allocUnsafe(ticksBytes);
  ticks.writeDoubleBE(start?.ticks ?? Number.NaN);
  return [Buffer.concat([recordHead(kinds.fragment, ticksBytes + bytes), ticks]), ...views];
}

function recordHead(kind: number, bytes: number): Buffer {
  const head = Buffer.allocUnsafe(lengthBytes + kindBytes);
  head.writeUInt32BE(kindBytes + bytes);
  head[lengthBytes] = kind;
  return head;
}

/** Makes fragments of records. */
export class RecordReader {
  readonly #number: number;
  #rest = Buffer.alloc(0);
  #format: LiveFormat | undefined;

  /** @param number of the camera in this node's messages */
  constructor(number: number) {
    this.#number = number;
  }

  /** @returns the fragments that are complete by now. @throws Error if these are no records */
  read(bytes: Uint8Array): LiveFragment[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const fragments: LiveFragment[] = [];
    let at = 0;
    for (;;) {
      if (this.#rest.length - at < lengthBytes) break;
      const length = this.#rest.readUInt32BE(at);
      if (length > mostBytes) throw new Error(`A record of live pictures has ${length} bytes.`);
      const end = at + lengthBytes + length;
      if (this.#rest.length < end) break;
      const fragment = this.#take(this.#rest.subarray(at + lengthBytes, end));
      if (fragment) fragments.push(fragment);
      at = end;
    }
    this.#rest = this.#rest.subarray(at);
    return fragments;
  }

  #take(record: Buffer): LiveFragment | undefined {
    const body = record.subarray(kindBytes);
    if (record[0] === kinds.format) {
      const { mimeType, message } = JSON.parse(String(body));
      this.#format = { mimeType, message: this.#renumbered(Buffer.from(message, 'base64')) };
      return undefined;
    }
    const ticks = body.readDoubleBE(0);
    const format = this.#format;
    const start = format && !Number.isNaN(ticks) ? { format, ticks } : undefined;
    return new LiveFragment(this.#renumbered(Buffer.from(body.subarray(ticksBytes))), [], start);
  }

  /** Each node has numbers of its own. */
  #renumbered(message: Buffer): Buffer {
    message.writeUInt32BE(this.#number);
    return message;
  }
}
