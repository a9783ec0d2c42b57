import type { StreamUrl } from '../domain/stream-url.ts';
import { RtspClient } from './client.ts';
import { baseUrl, controlUrl } from './control-url.ts';
import { dial } from './dial.ts';
import { RtspError } from './errors.ts';
import { keepAlive } from './keep-alive.ts';
import type { RtspAnswer } from './message.ts';
import type { Lookup } from './names.ts';
import { parseSdp, type SdpTrack } from './sdp.ts';
import { refusal } from './status.ts';
import type { TlsChoice } from './tls.ts';
import { Tracks } from './tracks.ts';
import type { Turns } from './turns.ts';

export interface RtspTrack extends SdpTrack {
  readonly kind: 'video' | 'audio';
}

/** The packet is buffer[from, to), valid until the call returns. All packets of one read have the same `arrivedAt`. */
export type OnPacket = (
  track: RtspTrack,
  buffer: Buffer,
  from: number,
  to: number,
  arrivedAt: number,
) => void;

export interface SessionOptions {
  readonly address: StreamUrl;
  readonly transport: 'AUTO' | 'TCP' | 'UDP';
  readonly tls: TlsChoice;
  /** Whether the address may be one of this machine or of a private network. */
  readonly privateCameras: boolean;
  /** Reads the sockets of all cameras in turns; this one, too, once `readInTurns` asks for it. */
  readonly turns: Turns;
  /** Default: the system's resolver. */
  readonly lookup?: Lookup | undefined;
  /** Chooses the tracks to set up, best first. A refused SETUP affects only that track. An error ends the opening. */
  readonly choose: (tracks: readonly RtspTrack[]) => readonly RtspTrack[];
  /** Called when the chosen tracks were set up. Packets come from now on. */
  readonly onSetUp: (transport: 'TCP' | 'UDP') => void;
  /** RTP. Packets may come before `openSession` resolves. */
  readonly onPacket: OnPacket;
  /** RTCP. */
  readonly onControlPacket: OnPacket;
  /** When aborted, the opening is given up; a session that is open is closed. */
  readonly signal: AbortSignal;
}

export interface RtspSession {
  /** The tracks that were set up. */
  readonly tracks: readonly RtspTrack[];
  readonly transport: 'TCP' | 'UDP';
  /** SHA-256 of the camera's certificate, if the connection is encrypted. */
  readonly tlsFingerprint: string | undefined;
  /** The camera's IP address. */
  readonly address: string;
  /** Bytes that belonged to no packet and no message. */
  readonly garbageBytes: number;
  /**
   * Whether packets may be delivered up to `roundMs` (turns.ts) later, which halves the cost of reading. Has no effect
   * with UDP or TLS.
   */
  readInTurns(isWanted: boolean): void;
  /** Sends an RTCP packet, which may be lost. */
  sendControlPacket(track: RtspTrack, bytes: Buffer): void;
  /** Resolves with the reason when the session has ended; never rejects. */
  readonly ended: Promise<RtspError>;
  /** Sends TEARDOWN, waits at most 1 s for the answer, and closes the socket. */
  close(): Promise<void>;
}

const answerMs = 10_000;
/** How long the answer to DESCRIBE may take: long, because some cameras start an encoder first. */
const describeMs = 20_000;
/** After these answers, the base URL that the camera named may be wrong: then the address itself is the base. */
const wrongBase = [400, 404, 405, 451, 454, 457];
/** After these answers, the camera may play its tracks only one by one. */
const notTogether = [400, 404, 405, 459, 501];

/**
 * Opens a camera's stream and plays it.
 * @returns the session, once the camera has answered PLAY
 * @throws RtspError
 */
export async function openSession(options: SessionOptions): Promise<RtspSession> {
  const tracks = new Tracks(options);
  const client = new RtspClient({
    address: options.address,
    signal: options.signal,
    turns: options.turns,
    onFrame: tracks.onFrame,
    pin: options.tls.fingerprint,
    dial: ({ host, port, scheme }, pin) =>
      dial({
        host,
        port,
        signal: options.signal,
        privateCameras: options.privateCameras,
        lookup: options.lookup,
        tls: scheme === 'rtsps' ? { ...options.tls, fingerprint: pin } : undefined,
      }),
  });
  try {
    return await open(client, tracks, options);
  } catch (error) {
    await client.leave();
    tracks.close();
    throw error;
  }
}

async function open(client: RtspClient, tracks: Tracks, options: SessionOptions): Promise<RtspSession> {
  const { methods, described } = await describe(client);
  const description = parseSdp(described.body);
  const offered = description.tracks.filter((track): track is RtspTrack => track.kind !== 'other');
  const chosen = options.choose(offered);
  if (chosen.length === 0) throw new RtspError('NO_TRACKS');

  const asked = client.sessionUrl;
  const named = described.headers.get('content-base') ?? described.headers.get('content-location');
  const bases = [...new Set([baseUrl(named, asked), asked])];
  if (options.transport === 'UDP') tracks.transport = 'UDP';
  const base = await setUp(client, tracks, chosen, bases, options.transport === 'AUTO');
  client.sessionUrl = controlUrl(base, description.control);
  options.onSetUp(tracks.transport);
  tracks.play();
  await play(client, tracks.all);
  client.opened();
  return sessionOf(client, tracks, methods, options.signal);
}

/** Requests the description, following redirects. */
async function describe(
  client: RtspClient,
): Promise<{ methods: readonly string[] | undefined; described: RtspAnswer }> {
  for (;;) {
    const options = await client.request('OPTIONS', client.sessionUrl, {}, answerMs);
    if (isRedirect(options)) {
      client.redirect(options.headers.get('location'));
      continue;
    }
    const accept = { Accept: 'application/sdp' };
    const described = await client.request('DESCRIBE', client.sessionUrl, accept, describeMs);
    if (isRedirect(described)) {
      client.redirect(described.headers.get('location'));
      continue;
    }
    if (described.status !== 200) throw refusal('DESCRIBE', described);
    const methods = options.headers
      .get('public')
      ?.toUpperCase()
      .split(/[\s,]+/);
    return { methods, described };
  }
}

function isRedirect({ status }: RtspAnswer): boolean {
  return [301, 302, 303, 305, 307, 308].includes(status);
}

/** Sets up the tracks. @returns the base URL that worked. @throws RtspError if no track could be set up */
async function setUp(
  client: RtspClient,
  tracks: Tracks,
  chosen: readonly RtspTrack[],
  bases: readonly string[],
  mayUseUdp: boolean,
): Promise<string> {
  let refused: RtspError | undefined;
  let base = 0;
  for (let i = 0; i < chosen.length; i++) {
    const track = chosen[i]!;
    const url = controlUrl(bases[base]!, track.control);
    const transport = await tracks.ask(track, client.socketAddress);
    const answer = await client.request('SETUP', url, { Transport: transport }, answerMs);
    if (answer.status < 300 && tracks.add(track, url, answer, client)) continue;
    const isFirst = tracks.all.length === 0;
    const isOther = isFirst && isOfOtherTransport(answer);
    if (isOther && mayUseUdp && tracks.transport === 'TCP') tracks.transport = 'UDP';
    else if (isFirst && base + 1 < bases.length && wrongBase.includes(answer.status)) base++;
    else {
      refused ??= isOfOtherTransport(answer)
        ? transportRefusal(track, tracks, mayUseUdp)
        : refusal('SETUP', answer);
      continue;
    }
    // Begins again with the first track, over UDP.
    i = -1;
  }
  if (tracks.all.length === 0) throw refused ?? new RtspError('NO_TRACKS');
  return bases[base]!;
}

/** Whether the answer is 461, or names a transport that was not requested. */
function isOfOtherTransport({ status }: RtspAnswer): boolean {
  return status === 461 || status < 300;
}

function transportRefusal(track: RtspTrack, { transport }: Tracks, isAuto: boolean): RtspError {
  if (track.isEncrypted) return new RtspError('ENCRYPTED');
  return new RtspError('TRANSPORT_REFUSED', isAuto ? 'TCP or UDP' : transport);
}

async function play(client: RtspClient, tracks: Tracks['all']): Promise<void> {
  const range = { Range: 'npt=0.000-' };
  const together = await client.request('PLAY', client.sessionUrl, range, answerMs);
  if (together.status < 300) return;
  if (!notTogether.includes(together.status)) throw refusal('PLAY', together);
  for (const { url } of tracks) {
    const alone = await client.request('PLAY', url, range, answerMs);
    if (alone.status >= 300) throw refusal('PLAY', alone);
  }
}

function sessionOf(
  client: RtspClient,
  tracks: Tracks,
  methods: readonly string[] | undefined,
  signal: AbortSignal,
): RtspSession {
  const connection = client.connection!;
  const stop = keepAlive(client, methods);
  const close = async () => {
    stop();
    signal.removeEventListener('abort', close);
    await client.leave();
    tracks.close();
  };
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) void close();
  return {
    tracks: tracks.all.map(({ track }) => track),
    transport: tracks.transport,
    tlsFingerprint: client.tlsFingerprint,
    address: client.socketAddress,
    get garbageBytes() {
      return connection.garbageBytes;
    },
    readInTurns: (isWanted) => connection.readInTurns(isWanted && tracks.transport === 'TCP'),
    sendControlPacket: (track, bytes) => tracks.sendControlPacket(track, bytes),
    ended: connection.ended.then((error) => {
      stop();
      signal.removeEventListener('abort', close);
      tracks.close();
      return error;
    }),
    close,
  };
}
