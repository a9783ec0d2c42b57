import type { RtspClient } from './client.ts';
import { DatagramPair } from './datagrams.ts';
import { frameHeaderBytes, frameMark } from './framer.ts';
import type { RtspAnswer } from './message.ts';
import type { OnPacket, RtspTrack } from './session.ts';
import { parseTransport } from './transport.ts';

interface SetUpTrack {
  readonly track: RtspTrack;
  /** The track's control URL. */
  readonly url: string;
  readonly sendControlPacket: (bytes: Buffer) => void;
}

/** The tracks that were set up, and their channels or ports. */
export class Tracks {
  /** The transport for the next track. All tracks of a session have the same. */
  transport: 'TCP' | 'UDP' = 'TCP';
  readonly all: SetUpTrack[] = [];
  readonly #onPacket: OnPacket;
  readonly #onControlPacket: OnPacket;
  readonly #byChannel: (RtspTrack | undefined)[] = new Array(256).fill(undefined);
  readonly #isControl = new Uint8Array(256);
  readonly #ports = new Map<RtspTrack, DatagramPair>();
  #isPlaying = false;

  constructor(options: { readonly onPacket: OnPacket; readonly onControlPacket: OnPacket }) {
    this.#onPacket = options.onPacket;
    this.#onControlPacket = options.onControlPacket;
  }

  /** The Transport header to send. @throws RtspError if there are no free ports */
  async ask(track: RtspTrack, camera: string): Promise<string> {
    if (this.transport === 'TCP') {
      const channel = this.#freeChannel(track);
      return `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1}`;
    }
    const pair =
      this.#ports.get(track) ??
      (await DatagramPair.open(camera, (bytes, isControl) =>
        this.#hand(track, isControl, bytes, 0, bytes.length, performance.now()),
      ));
    this.#ports.set(track, pair);
    return `RTP/AVP/UDP;unicast;client_port=${pair.port}-${pair.port + 1}`;
  }

  /** Takes the answer to SETUP. @returns false if it names a transport that was not requested */
  add(track: RtspTrack, url: string, answer: RtspAnswer, client: RtspClient): boolean {
    const { channels, serverPorts, isDatagram } = parseTransport(answer.headers.get('transport') ?? '');
    if (this.transport === 'UDP') {
      const pair = this.#ports.get(track);
      if (channels || !pair) return false;
      pair.begin(serverPorts);
      this.all.push({ track, url, sendControlPacket: (bytes) => pair.sendControlPacket(bytes) });
      return true;
    }
    if (isDatagram) return false;
    const asked = this.#freeChannel(track);
    const [rtp, rtcp] = channels && !this.#byChannel[channels[0]] ? channels : [asked, asked + 1];
    this.#byChannel[rtp] = track;
    this.#byChannel[rtcp] ??= track;
    this.#isControl[rtcp] = rtp === rtcp ? 0 : 1;
    client.connection?.expect([rtp, rtcp]);
    const sendControlPacket = (bytes: Buffer) => client.connection?.sendFrame(framed(rtcp, bytes));
    this.all.push({ track, url, sendControlPacket });
    return true;
  }

  /** PLAY is being sent. Earlier packets belong to a session that the camera forgot to end. */
  play(): void {
    this.#isPlaying = true;
  }

  /** Frees the ports. */
  close(): void {
    for (const pair of this.#ports.values()) pair.close();
    this.#ports.clear();
  }

  readonly onFrame = (channel: number, buffer: Buffer, from: number, to: number, arrivedAt: number): void => {
    const track = this.#byChannel[channel];
    if (track !== undefined) this.#hand(track, this.#isControl[channel] === 1, buffer, from, to, arrivedAt);
  };

  #hand(
    track: RtspTrack,
    isControl: boolean,
    buffer: Buffer,
    from: number,
    to: number,
    arrivedAt: number,
  ): void {
    if (!this.#isPlaying) return;
    if (isControl) this.#onControlPacket(track, buffer, from, to, arrivedAt);
    else this.#onPacket(track, buffer, from, to, arrivedAt);
  }

  sendControlPacket(track: RtspTrack, bytes: Buffer): void {
    this.all.find((one) => one.track === track)?.sendControlPacket(bytes);
  }

  /** Two channels for each track, in the description's order, unless the camera has used them already. */
  #freeChannel(track: RtspTrack): number {
    let channel = (track.index * 2) % 254;
    for (let i = 0; i < 127 && this.#byChannel[channel]; i++) channel = (channel + 2) % 254;
    return channel;
  }
}

function framed(channel: number, bytes: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(frameHeaderBytes + bytes.length);
  frame[0] = frameMark;
  frame[1] = channel;
  frame.writeUInt16BE(bytes.length, 2);
  bytes.copy(frame, frameHeaderBytes);
  return frame;
}
