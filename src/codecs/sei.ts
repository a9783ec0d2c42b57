/** Supplemental enhancement information: the same bytes in H.264 (ISO/IEC 14496-10, 7.3.2.3) and H.265 (7.3.5). */
const recoveryPoint = 6;

/**
 * Whether the messages say that a decoder which begins here shows right pictures after a while (recovery point).
 * @param from behind the NAL unit's header
 */
export function hasRecoveryPoint(buffer: Buffer, from: number, to: number): boolean {
  let at = from;
  // The last byte is the trailing bit's.
  while (at + 2 < to) {
    let type = 0;
    while (at < to && buffer[at] === 0xff) {
      type += 255;
      at++;
    }
    type += buffer[at++]!;
    let bytes = 0;
    while (at < to && buffer[at] === 0xff) {
      bytes += 255;
      at++;
    }
    if (at >= to) return false;
    bytes += buffer[at++]!;
    if (type === recoveryPoint) return true;
    at = behindPayload(buffer, at, to, bytes);
  }
  return false;
}

/** Payload sizes do not count the bytes that keep start codes from appearing (3 behind two zeros). */
function behindPayload(buffer: Buffer, from: number, to: number, bytes: number): number {
  let at = from;
  let zeros = 0;
  for (let left = bytes; left > 0 && at < to; at++) {
    const value = buffer[at]!;
    if (zeros >= 2 && value === 3) {
      zeros = 0;
      continue;
    }
    zeros = value === 0 ? zeros + 1 : 0;
    left--;
  }
  return at;
}
