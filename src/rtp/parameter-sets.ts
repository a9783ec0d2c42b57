import { CodecError } from '../codecs/bits.ts';
import type { VideoFormat } from '../codecs/format.ts';

/** How one codec's parameter sets are distinguished. Only H.265 has `vpsId` and the kind `vps`. */
export interface ParameterSetReader<Sps extends { readonly id: number }> {
  kind(header: number): 'vps' | 'sps' | 'pps' | undefined;
  vpsId(nal: Buffer): number;
  sps(nal: Buffer): Sps;
  pps(nal: Buffer): { readonly id: number; readonly spsId: number };
  format(
    vps: readonly Buffer[],
    sps: readonly Buffer[],
    pps: readonly Buffer[],
    needsSets: boolean,
  ): VideoFormat;
}

interface KnownSet<Facts> {
  readonly nal: Buffer;
  readonly facts: Facts;
}

/** A NAL unit that is larger than this is no parameter set, even if its header says so. */
const mostBytes = 4_096;

/**
 * The parameter sets of a track, from its description and from the stream. Of several sets with the same id, the last
 * one counts. A picture's slices refer to the sets that describe it, so sets that another camera left behind do no
 * harm.
 */
export class ParameterSets<Sps extends { readonly id: number }> {
  readonly #reader: ParameterSetReader<Sps>;
  readonly #vps = new Map<number, KnownSet<number>>();
  readonly #sps = new Map<number, KnownSet<Sps>>();
  readonly #pps = new Map<number, KnownSet<{ id: number; spsId: number }>>();
  /** Formats by SPS id, until a set changes. */
  readonly #formats = new Map<number, VideoFormat | undefined>();
  /** The last set of each kind: if a set is repeated, a comparison with it is enough. */
  readonly #last = { vps: Buffer.alloc(0), sps: Buffer.alloc(0), pps: Buffer.alloc(0) };

  /** Whether any parameter set came in the stream. */
  #isInStream = false;

  constructor(reader: ParameterSetReader<Sps>) {
    this.#reader = reader;
  }

  /** Takes a parameter set from the track's description. */
  describe(nal: Buffer): void {
    const kind = this.#reader.kind(nal[0]!);
    if (kind) this.#take(kind, nal, 0, nal.length);
  }

  /** Takes a NAL unit of the stream if it is a parameter set. */
  note(buffer: Buffer, from: number, to: number): void {
    const kind = this.#reader.kind(buffer[from]!);
    if (!kind) return;
    this.#isInStream = true;
    this.#take(kind, buffer, from, to);
  }

  /** Takes a parameter set. If it cannot be read, the earlier set with its id stays. */
  #take(kind: 'vps' | 'sps' | 'pps', buffer: Buffer, from: number, to: number): void {
    if (to - from > mostBytes) return;
    const last = this.#last[kind];
    if (last.length === to - from && buffer.compare(last, 0, last.length, from, to) === 0) return;
    // Memory of its own: a part of Node's pool would keep the whole pool in memory.
    const nal = Buffer.allocUnsafeSlow(to - from);
    buffer.copy(nal, 0, from, to);
    this.#last[kind] = nal;
    try {
      this.#keep(kind, nal);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
    }
  }

  /** The format of slices that refer to a PPS; undefined if one of the sets is not known. */
  format(ppsId: number): VideoFormat | undefined {
    const spsId = this.#pps.get(ppsId)?.facts.spsId;
    if (spsId === undefined) return undefined;
    if (!this.#formats.has(spsId)) this.#formats.set(spsId, this.#formatOf(spsId));
    return this.#formats.get(spsId);
  }

  /** The SPS that a PPS refers to. */
  sps(ppsId: number): Sps | undefined {
    const spsId = this.#pps.get(ppsId)?.facts.spsId;
    return spsId === undefined ? undefined : this.#sps.get(spsId)?.facts;
  }

  #keep(kind: 'vps' | 'sps' | 'pps', nal: Buffer): void {
    if (kind === 'vps') this.#replace(this.#vps, this.#reader.vpsId(nal), nal, 0);
    else if (kind === 'sps') {
      const facts = this.#reader.sps(nal);
      this.#replace(this.#sps, facts.id, nal, facts);
    } else {
      const facts = this.#reader.pps(nal);
      this.#replace(this.#pps, facts.id, nal, facts);
    }
  }

  #replace<Facts>(sets: Map<number, KnownSet<Facts>>, id: number, nal: Buffer, facts: Facts): void {
    if (sets.get(id)?.nal.equals(nal)) return;
    sets.set(id, { nal, facts });
    this.#formats.clear();
  }

  #formatOf(spsId: number): VideoFormat | undefined {
    const sps = this.#sps.get(spsId);
    if (!sps) return undefined;
    const vps = [...this.#vps.values()].map(({ nal }) => nal);
    const pps = [...this.#pps.values()].filter(({ facts }) => facts.spsId === spsId).map(({ nal }) => nal);
    try {
      return this.#reader.format(vps, [sps.nal], pps, !this.#isInStream);
    } catch (error) {
      if (error instanceof CodecError) return undefined;
      throw error;
    }
  }
}
