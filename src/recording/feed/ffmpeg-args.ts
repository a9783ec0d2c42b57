/** copy: as the camera sends it. aac: for what MP4 cannot hold (G.711 and other PCM). none: not decodable either. */
export type AudioMode = 'copy' | 'aac' | 'none';

/** How a camera's stream is read, by what its sessions have taught. */
export interface Reading {
  readonly audio: AudioMode;
  /** Whether ffmpeg looks at a stream until it knows the size of its pictures, however long that takes. */
  readonly isPatient: boolean;
}

export const firstReading: Reading = { audio: 'copy', isPatient: false };

/** How long (µs) and how far (bytes) ffmpeg looks at a stream. Patience is enough for 20 s to a keyframe at 20 Mbit/s. */
const probing = {
  brief: { analyzeduration: 1_000_000, probesize: 200_000 },
  patient: { analyzeduration: 20_000_000, probesize: 50_000_000, fpsprobesize: 0 },
};

/** Length of a fragment: by so much ffmpeg gives out pictures late. */
const fragmentMs = 500;

/** ffmpeg gives up on a silent camera after twice this; the watchdog of the feed is faster. */
const socketTimeoutUs = 10_000_000;

/**
 * Pictures wait this long for the sound that belongs to them, and no longer: many cameras announce sound and send none,
 * or only while somebody speaks. Longer than from one picture to the next, or ffmpeg guesses when the next one is.
 */
const interleaveMs = 750;

/**
 * What ffmpeg reads the camera by, for its stdin: a script of the concat demuxer, since an address on the command line
 * would show the password to everybody who can list processes.
 * @param address with the host as a number
 */
export function feedScript(address: string, transport: 'TCP' | 'UDP', reading: Reading): string {
  const options = {
    rtsp_transport: transport.toLowerCase(),
    timeout: socketTimeoutUs,
    ...(reading.isPatient ? probing.patient : probing.brief),
  };
  const quoted = address.replaceAll("'", '%27').replace(/[\r\n]/g, encodeURIComponent);
  const lines = Object.entries(options).map(([name, value]) => `option ${name} ${value}`);
  return ['ffconcat version 1.0', `file '${quoted}'`, ...lines, ''].join('\n');
}

/**
 * The arguments of a feed: the stream that the script on stdin names, video copied, as fragmented MP4 on stdout.
 * - No `-fflags nobuffer`: it throws the probed packets away, the first keyframe among them.
 * - Probing is brief (1 s or 200 kB instead of 5 s): a cold start takes 0.75 s instead of 2.8 s. Patient, it does not
 *   wait for 20 pictures to tell their rate, which nobody asks for.
 * - `empty_moov` writes the init segment first; `frag_keyframe` begins a fragment with every keyframe.
 * - `max_interleave_delta`: ffmpeg's own is 10 s, and by so much every picture of a camera without its sound is late.
 */
export function feedArgs({ audio }: Reading): string[] {
  const audioArgs = audio === 'none' ? ['-an'] : ['-map', '0:a:0?', '-c:a', audio];
  return [
    ...['-hide_banner', '-loglevel', 'warning'],
    ...['-protocol_whitelist', 'pipe,rtsp,rtsps,rtp,srtp,tcp,tls,udp,crypto'],
    ...['-f', 'concat', '-safe', '0', '-i', 'pipe:0'],
    ...['-map', '0:v:0', '-c:v', 'copy', ...audioArgs],
    ...['-f', 'mp4', '-movflags', '+frag_keyframe+empty_moov+default_base_moof'],
    ...['-max_interleave_delta', String(interleaveMs * 1_000)],
    ...['-frag_duration', String(fragmentMs * 1_000), '-flush_packets', '1', 'pipe:1'],
  ];
}

/**
 * What ffmpeg's words at the end of a session teach about reading the stream.
 * @returns how to read it from now on, and why, for a person; undefined where they teach nothing new
 */
export function learn(reading: Reading, stderr: string): { reading: Reading; why: string } | undefined {
  const audio = nextAudioMode(reading.audio, stderr);
  if (audio !== reading.audio) {
    const becomes = audio === 'aac' ? 'turned into AAC' : 'left out';
    const why = `MP4 cannot hold the camera's audio as it is; it will be ${becomes}.`;
    return { reading: { ...reading, audio }, why };
  }
  if (!reading.isPatient && /dimensions not set/.test(stderr)) {
    const why = 'The camera shows the size of its pictures only with a keyframe; it will be waited for.';
    return { reading: { ...reading, isPatient: true }, why };
  }
  return undefined;
}

/** By whether MP4 cannot hold the camera's audio as it is, or ffmpeg cannot decode it. */
function nextAudioMode(mode: AudioMode, stderr: string): AudioMode {
  if (
    mode === 'copy' &&
    /Could not find tag for codec|codec not currently supported in container/.test(stderr)
  )
    return 'aac';
  if (mode !== 'none' && /Decoder \(codec .*\) not found|no decoder found for|Unknown decoder/i.test(stderr))
    return 'none';
  return mode;
}
