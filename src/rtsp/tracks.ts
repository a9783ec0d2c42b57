import type { Connection } from './connection.ts';
import { frameHeaderBytes, frameMark } from './framer.ts';
import type { RtspAnswer } from './message.ts';
import type { OnPacket, RtspTrack } from './session.ts';
import { parseTransport } from './transport.ts';

interface SetUpTrack {
  readonly track: RtspTrack;
  /** Its control URL. */
  readonly url: string;
  readonly controlChannel: number;
}

/** The tracks that were set up, and which channel of the connection is whose. */
export class Tracks {
  readonly all: SetUpTrack[] = [];
  readonly #onPacket: OnPacket;
  readonly #onControlPacket: OnPacket;
  readonly #byChannel: (RtspTrack | undefined)[] = new Array(256).fill(undefined);
  readonly #isControl = new Uint8Array(256);
  #isPlaying = false;

  constructor(options: { readonly onPacket: OnPacket; readonly onControlPacket: OnPacket }) {
    this.#onPacket = options.onPacket;
    this.#onControlPacket = options.onControlPacket;
  }

  /** The Transport that is asked for. */
  ask(track: RtspTrack): string {
    const channel = this.#freeChannel(track);
    return `RTP/AVP/TCP;unicast;interleaved=${channel}-${channel + 1}`;
  }

  /** Takes the answer to SETUP. @returns false where it names a transport that was not asked for */
  add(track: RtspTrack, url: string, answer: RtspAnswer, connection: Connection | undefined): boolean {
    const { channels, isDatagram } = parseTransport(answer.headers.get('transport') ?? '');
    if (isDatagram) return false;
    const asked = this.#freeChannel(track);
    const [rtp, rtcp] = channels && !this.#byChannel[channels[0]] ? channels : [asked, asked + 1];
    this.#byChannel[rtp] = track;
    this.#byChannel[rtcp] ??= track;
    this.#isControl[rtcp] = rtp === rtcp ? 0 : 1;
    connection?.channels.add(rtp).add(rtcp);
    this.all.push({ track, url, controlChannel: rtcp });
    return true;
  }

  /** PLAY is sent: packets from now on are the session's; those before belong to one that the camera forgot. */
  play(): void {
    this.#isPlaying = true;
  }

  readonly onFrame = (channel: number, buffer: Buffer, from: number, to: number, arrivedAt: number): void => {
    const track = this.#byChannel[channel];
    if (track === undefined || !this.#isPlaying) return;
    if (this.#isControl[channel] === 1) this.#onControlPacket(track, buffer, from, to, arrivedAt);
    else this.#onPacket(track, buffer, from, to, arrivedAt);
  };

  sendControlPacket(track: RtspTrack, bytes: Buffer, connection: Connection): void {
    const found = this.all.find((one) => one.track === track);
    if (found === undefined) return;
    const frame = Buffer.allocUnsafe(frameHeaderBytes + bytes.length);
    frame[0] = frameMark;
    frame[1] = found.controlChannel;
    frame.writeUInt16BE(bytes.length, 2);
    bytes.copy(frame, frameHeaderBytes);
    connection.sendFrame(frame);
  }

  /** Two for each track, in the order of the description, unless the camera gave them away already. */
  #freeChannel(track: RtspTrack): number {
    let channel = (track.index * 2) % 254;
    for (let i = 0; i < 127 && this.#byChannel[channel]; i++) channel = (channel + 2) % 254;
    return channel;
  }
}
