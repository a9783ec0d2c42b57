import sdpTransform from 'sdp-transform';

/** A track of a session description (RFC 8866), as far as a reader needs it. */
export interface SdpTrack {
  /** The track's number in the description, from 0. */
  readonly index: number;
  readonly kind: 'video' | 'audio' | 'other';
  /** RTP encoding name in upper case, e.g. `H264`, `MPEG4-GENERIC`, `PCMU`; empty if it is unknown. */
  readonly encoding: string;
  readonly payloadType: number;
  /** Ticks of the RTP timestamp per second. */
  readonly clockRate: number;
  readonly channels: number;
  /** The parameters of the format; their names are in lower case. */
  readonly fmtp: ReadonlyMap<string, string>;
  readonly isSendOnly: boolean;
  /** Whether the track is announced as encrypted (SRTP). */
  readonly isEncrypted: boolean;
  readonly width: number | undefined;
  readonly height: number | undefined;
  /** The track's control attribute, for SETUP (RFC 2326, C.1.1); undefined if there is none. */
  readonly control: string | undefined;
}

export interface SessionDescription {
  readonly tracks: readonly SdpTrack[];
  /** The control attribute of the whole session. */
  readonly control: string | undefined;
}

/** Static payload types (RFC 3551, 6) that a description may leave without rtpmap: encoding, clock rate, channels. */
const staticTypes: Readonly<Record<number, readonly [string, number, number]>> = {
  0: ['PCMU', 8000, 1],
  3: ['GSM', 8000, 1],
  8: ['PCMA', 8000, 1],
  9: ['G722', 8000, 1],
  10: ['L16', 44_100, 2],
  11: ['L16', 44_100, 1],
  14: ['MPA', 90_000, 1],
  26: ['JPEG', 90_000, 1],
  31: ['H261', 90_000, 1],
  32: ['MPV', 90_000, 1],
  33: ['MP2T', 90_000, 1],
  34: ['H263', 90_000, 1],
};

const maxTracks = 32;
const usedLine = /^(?:m=|a=(?:rtpmap|fmtp|control|sendonly|framesize|x-dimensions|cliprect)\b)/i;

/**
 * The tracks of a description, in its order. Cameras write wrong lines that nobody needs (no `o=`, a broken `c=`);
 * those are dropped first. A track that cannot be read does not affect the others.
 */
export function parseSdp(text: string): SessionDescription {
  const lines = text
    .split(/[\r\n\0]+/)
    .map((line) => line.trim())
    .filter((line) => usedLine.test(line))
    .map((line) =>
      line
        .replace(/[ \t]+/g, ' ')
        .replace(/^(a=[\w-]+): /, '$1:')
        .replace(/^(m=\w+ \d+)\/\d+/, '$1'),
    );
  const firstTrack = lines.findIndex((line) => /^m=/i.test(line));
  if (firstTrack < 0) return { tracks: [], control: undefined };
  // The library expects lines in lower case, and gives each section its own attributes.
  const { media, control } = sdpTransform.parse(lines.map(lowerName).join('\r\n')) as unknown as Parsed;
  const fmtps = media.flatMap(({ fmtp }) => fmtp);
  const tracks = media
    .slice(0, maxTracks)
    .map((section, index) => trackOf(section, index, fmtps))
    .filter((track) => track !== undefined);
  return { tracks, control: control === undefined ? undefined : String(control) };
}

interface Fmtp {
  readonly payload?: number | string;
  readonly config?: string | number;
}

interface Section {
  readonly type?: string | number;
  readonly protocol?: string | number;
  readonly payloads?: string | number;
  readonly rtp: readonly {
    payload?: number | string;
    codec?: string | number;
    rate?: number;
    encoding?: number;
  }[];
  readonly fmtp: readonly Fmtp[];
  readonly control?: string | number;
  readonly direction?: string;
  readonly invalid?: readonly { value: string | number }[];
}

interface Parsed {
  readonly media: readonly Section[];
  readonly control?: string | number;
}

function lowerName(line: string): string {
  return line.replace(/^(?:m=\w+|a=[\w-]+)/, (name) => name.toLowerCase());
}

function trackOf(section: Section, index: number, fmtps: readonly Fmtp[]): SdpTrack | undefined {
  const types = String(section.payloads ?? '')
    .split(/\s+/)
    .filter((type) => /^\d{1,3}$/.test(type))
    .map(Number)
    .filter((type) => type < 128);
  const mapOf = (type: number) => section.rtp.find(({ payload }) => payload === type);
  // A track may announce several formats. A camera sends the first of them, or another one if the first is not
  // described.
  const payloadType = types.find((type) => mapOf(type) ?? staticTypes[type]) ?? types[0];
  if (payloadType === undefined) return undefined;
  const map = mapOf(payloadType);
  const [encoding = '', clockRate = 90_000, channels = 1] = staticTypes[payloadType] ?? [];
  const kind = section.type === 'video' || section.type === 'audio' ? section.type : 'other';
  const isOf = ({ payload }: Fmtp) => payload === payloadType;
  // Some cameras write the fmtp of one track into the section of another track.
  const config = (section.fmtp.find(isOf) ?? fmtps.find(isOf))?.config;
  const size = sizeOf(section.invalid ?? []);
  // Written without a spread: V8 then reads all tracks the same fast way, and each packet looks its track up.
  return {
    index,
    kind,
    encoding: String(map?.codec ?? encoding).toUpperCase(),
    payloadType,
    clockRate: positive(map?.rate) ?? clockRate,
    channels: positive(map?.encoding) ?? (map ? 1 : channels),
    fmtp: parametersOf(String(config ?? '')),
    isSendOnly: section.direction === 'sendonly',
    isEncrypted: /\bSAVPF?\b/i.test(String(section.protocol ?? '')),
    width: size?.width,
    height: size?.height,
    control: section.control === undefined ? undefined : String(section.control),
  };
}

function positive(value: unknown): number | undefined {
  const number = Number(value);
  return Number.isInteger(number) && number > 0 && number <= 10_000_000 ? number : undefined;
}

function parametersOf(config: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const part of config.split(';')) {
    const [, name, value = ''] = /^\s*([^\s=]+)\s*(?:=\s*(.*?)\s*)?$/.exec(part) ?? [];
    if (name) parameters.set(name.toLowerCase(), value);
  }
  return parameters;
}

/** The pictures' size: by RFC 6064 (3GPP), or in one of two forms that only cameras use. */
function sizeOf(
  attributes: readonly { value: string | number }[],
): { width: number; height: number } | undefined {
  for (const { value } of attributes) {
    const text = String(value);
    const [, width, height] =
      /^framesize:\d+ (\d{2,5})-(\d{2,5})$/i.exec(text) ??
      /^x-dimensions:(\d{2,5}), ?(\d{2,5})$/i.exec(text) ??
      [];
    if (width && height) return { width: Number(width), height: Number(height) };
    const [, bottom, right] = /^cliprect:0,0,(\d{2,5}),(\d{2,5})$/i.exec(text) ?? [];
    if (bottom && right) return { width: Number(right), height: Number(bottom) };
  }
  return undefined;
}
