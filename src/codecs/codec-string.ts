/** Codec strings of RFC 6381, as in `codecs="…"` and MediaSource.isTypeSupported. */

/**
 * @param entry name of the sample entry, `avc1`
 * @param profile, compatibility and level, three bytes as in SPS and avcC
 */
export function avcCodecString(entry: string, profile: Buffer): string {
  return `${entry}.${profile.toString('hex')}`;
}

/**
 * ISO/IEC 14496-15, Annex E.3: profile, compatibility flags in reverse bit order, tier and level, constraints.
 * @param entry name of the sample entry, `hvc1`
 * @param profileTierLevel 12 bytes as in SPS and hvcC
 */
export function hevcCodecString(entry: string, profileTierLevel: Buffer): string {
  const profile = profileTierLevel[0]!;
  const compatibility = reverseBits(profileTierLevel.readUInt32BE(1));
  const constraints = [...profileTierLevel.subarray(5, 11)];
  const level = profileTierLevel[11]!;
  while (constraints.at(-1) === 0) constraints.pop();
  const space = ['', 'A', 'B', 'C'][profile >> 6];
  const tier = profile & 0x20 ? 'H' : 'L';
  return [
    entry,
    `${space}${profile & 0x1f}`,
    compatibility.toString(16),
    `${tier}${level}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ].join('.');
}

function reverseBits(word: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) if (word & (1 << bit)) reversed |= 1 << (31 - bit);
  return reversed >>> 0;
}
