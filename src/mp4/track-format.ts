/** Reads a track's format from its sample entry. */
import { aacFormat } from '../codecs/aac.ts';
import { CodecError } from '../codecs/bits.ts';
import type { Format } from '../codecs/format.ts';
import { h264Format } from '../codecs/h264.ts';
import { h265Format, h265Nal } from '../codecs/h265.ts';
import { opusFormat } from '../codecs/opus.ts';
import { type Box, boxes, children, Mp4Error } from './boxes.ts';
import { configuration, entryFieldBytes } from './codec-string.ts';
import { Cursor } from './cursor.ts';
import { readEsds } from './esds.ts';
import type { Track } from './init-segment.ts';

/**
 * The format of the track's samples, from avcC, hvcC, esds or dOps.
 * @throws Mp4Error if there is no such box, or if it is damaged or holds another codec
 */
export function formatOf({ sampleDescription: buf, kind }: Track): Format {
  const [stsd] = boxes(buf);
  const [entry] = children(buf, stsd!, 8);
  const config = (type: string) => configuration(buf, entry!, entryFieldBytes[kind], type);
  try {
    switch (entry?.type) {
      case 'avc1':
      case 'avc3':
        return avcFormat(buf, config('avcC'));
      case 'hvc1':
      case 'hev1':
        return hevcFormat(buf, config('hvcC'));
      case 'mp4a':
        return aacFormat(readEsds(buf, config('esds')).config);
      case 'Opus':
        return opusFormat(channelsOf(new Cursor(buf, config('dOps'))));
    }
  } catch (error) {
    if (error instanceof CodecError) throw new Mp4Error(`A sample entry is damaged: ${error.message}`);
    throw error;
  }
  throw new Mp4Error(`A sample entry '${entry?.type ?? ''}' is not known.`);
}

/** Reads the channels of Opus from `dOps`; the box's version is skipped. */
function channelsOf(dOps: Cursor): number {
  dOps.skip(1);
  return dOps.u8();
}

/** `avcC`: ISO/IEC 14496-15, 5.3.3.1. */
function avcFormat(buf: Buffer, avcC: Box): Format {
  const fields = new Cursor(buf, avcC);
  fields.skip(5);
  const sps = readSets(fields, fields.u8() & 0x1f);
  return h264Format(sps, readSets(fields, fields.u8()));
}

/** `hvcC`: ISO/IEC 14496-15, 8.3.3.1. */
function hevcFormat(buf: Buffer, hvcC: Box): Format {
  const fields = new Cursor(buf, hvcC);
  fields.skip(22);
  const byType = new Map<number, Buffer[]>();
  for (let left = fields.u8(); left > 0; left--) {
    const type = fields.u8() & 0x3f;
    byType.set(type, readSets(fields, fields.u16()));
  }
  const sets = (type: number) => byType.get(type) ?? [];
  return h265Format(sets(h265Nal.vps), sets(h265Nal.sps), sets(h265Nal.pps));
}

function readSets(fields: Cursor, count: number): Buffer[] {
  return Array.from({ length: count }, () => fields.bytes(fields.u16()));
}
