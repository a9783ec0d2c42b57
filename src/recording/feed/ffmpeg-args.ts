/**
 * copy: unchanged. aac: encoded, because MP4 cannot hold the camera's format (G.711 and other PCM). none: ffmpeg
 * cannot decode it.
 */
export type AudioMode = 'copy' | 'aac' | 'none';

/** How ffmpeg reads a camera's stream, as learned in earlier sessions. */
export interface Reading {
  readonly audio: AudioMode;
  /** Whether ffmpeg probes the stream until it knows the size of its pictures, however long that takes. */
  readonly isPatient: boolean;
}

export const firstReading: Reading = { audio: 'copy', isPatient: false };

/**
 * How long (µs) and how much (bytes) ffmpeg probes a stream. The patient values allow 20 s until a keyframe at 20
 * Mbit/s.
 */
const probing = {
  brief: { analyzeduration: 1_000_000, probesize: 200_000 },
  patient: { analyzeduration: 20_000_000, probesize: 50_000_000, fpsprobesize: 0 },
};

/** The length of a fragment. ffmpeg delays pictures by this much. */
const fragmentMs = 500;

/** ffmpeg gives up on a silent camera after twice this. The feed notices a stall sooner. */
const socketTimeoutUs = 10_000_000;

/**
 * Pictures wait this long for their sound, and no longer: many cameras announce sound and send none, or send it only
 * while somebody speaks. It must be longer than the time between two pictures; else ffmpeg guesses when the next one
 * comes.
 */
const interleaveMs = 750;

/**
 * The input script of a feed, for ffmpeg's stdin (concat demuxer). An address on the command line would show its
 * password to everybody who can list processes.
 * @param address with an IP address in place of the host name
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
 * The arguments of a feed: reads the stream that the script on stdin names, copies its video, and writes fragmented MP4
 * to stdout.
 * - No `-fflags nobuffer`: it discards the probed packets, and with them the first keyframe.
 * - Probing is short (1 s or 200 kB instead of 5 s), so that a feed starts in 0.75 s instead of 2.8 s. Patient probing
 *   does not wait for 20 pictures to measure a frame rate, which is not used.
 * - `empty_moov` writes the init segment first; `frag_keyframe` begins a fragment with every keyframe.
 * - `max_interleave_delta`: with ffmpeg's default of 10 s, each picture would be delayed by 10 s if the camera does not
 *   send the sound that it announces.
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
 * Learns from ffmpeg's messages at the end of a session how to read the stream.
 * @returns how to read it from now on, and why, in words; undefined if there is nothing new
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

/** The next mode if ffmpeg says that MP4 cannot hold the camera's sound, or that it cannot decode it. */
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
