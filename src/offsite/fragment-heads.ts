import { Mp4Error, readBoxHeader } from '../mp4/boxes.ts';
import type { MdatShape } from '../mp4/track-fragment.ts';

/** The bytes before a fragment's payload: its `moof`, and the sizes of its `mdat`. */
export interface IndexedFragment {
  readonly moof: Buffer;
  readonly shape: MdatShape;
}

/**
 * Reads an index object: for each fragment its `moof` and the header of its `mdat`.
 * @throws Mp4Error if it has another form
 */
export function* fragmentHeads(bytes: Buffer): Generator<IndexedFragment> {
  for (let at = 0; at < bytes.length; ) {
    const moof = readBoxHeader(bytes, at);
    const mdat = moof && readBoxHeader(bytes, at + moof.size);
    if (moof?.type !== 'moof' || mdat?.type !== 'mdat')
      throw new Mp4Error(`An index object has no fragment at byte ${at}.`);
    const { headerBytes, size } = mdat;
    yield {
      moof: bytes.subarray(at, at + moof.size),
      shape: { headerBytes, payloadBytes: size - headerBytes },
    };
    at += moof.size + headerBytes;
  }
}
