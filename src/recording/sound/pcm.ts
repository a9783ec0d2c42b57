/** Decodes PCM and G.711 sound from RTP (RFC 3551, 4.5) into samples from -1 to 1. */

const full = 32_768;

/** ITU-T G.711, µ-law: a sign, three bits of segment and four of step, all inverted. */
function fromMuLaw(byte: number): number {
  const bits = ~byte & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + 0x84) << ((bits >> 4) & 7)) - 0x84;
  return bits & 0x80 ? -magnitude : magnitude;
}

/** ITU-T G.711, A-law: the same fields, with every other bit inverted. */
function fromALaw(byte: number): number {
  const bits = byte ^ 0x55;
  const segment = (bits >> 4) & 7;
  const step = ((bits & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return bits & 0x80 ? magnitude : -magnitude;
}

const table = (decode: (byte: number) => number) =>
  Float32Array.from({ length: 256 }, (_, byte) => decode(byte) / full);
const tables: Readonly<Record<string, Float32Array>> = { pcmu: table(fromMuLaw), pcma: table(fromALaw) };

/** @param codec pcmu, pcma or l16 */
export function decoderOf(codec: string): (bytes: Uint8Array) => Float32Array {
  const values = tables[codec];
  return values ? (bytes) => Float32Array.from(bytes, (byte) => values[byte]!) : fromL16;
}

/** Signed 16-bit samples, big-endian. */
function fromL16(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength >> 1 }, (_, i) => view.getInt16(i * 2) / full);
}
