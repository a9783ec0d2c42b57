import type { SoundFormat } from '../../codecs/format.ts';
import type { ReadingFacts } from '../../db/cameras.ts';
import type { StreamUrl } from '../../domain/stream-url.ts';
import type { FootageMemory } from '../../footage/memory.ts';
import type { AccessUnit } from '../../footage/unit.ts';
import { ReorderDepth } from '../../mp4/decode-order.ts';
import type { Unsupported } from '../../rtp/depacketizer.ts';
import { createReceiver, type Receiver } from '../../rtp/receiver.ts';
import type { Lookup } from '../../rtsp/names.ts';
import { openSession, type RtspSession, type RtspTrack } from '../../rtsp/session.ts';
import type { Turns } from '../../rtsp/turns.ts';
import { whyLeftOut } from '../sound/encoder.ts';
import { chooseTracks, whyNoVideo } from './choose-tracks.ts';
import type { FeedSession } from './feed-unit.ts';
import type { CameraKnowledge } from './knowledge.ts';
import { PicturePace } from './picture-pace.ts';
import type { Run } from './run.ts';
import { SessionClock } from './session-clock.ts';
import { SoundPace } from './sound-pace.ts';
import { CannotRead, noPicture, type Source, type SourceEnd, type TakeUnit } from './source.ts';
import type { TrackClock } from './track-clock.ts';

export interface RtspSourceOptions {
  readonly address: StreamUrl;
  readonly transport: 'AUTO' | 'TCP' | 'UDP';
  readonly tls: { readonly mode: 'PINNED' | 'VERIFY' | 'ANY'; readonly allowOldTls: boolean };
  /** Whether the camera may have an address of this machine or of a private network. */
  readonly privateCameras: boolean;
  /** Reads the sockets of all cameras. */
  readonly turns: Turns;
  /** Resolves host names. */
  readonly lookup: Lookup;
  readonly memory: FootageMemory;
  readonly knowledge: CameraKnowledge;
  readonly take: TakeUnit;
  /** Called with the SHA-256 of the camera's certificate if none is pinned. */
  readonly onCertificate: (fingerprint: string) => void;
}

/** How long (ms) a new recording waits for sound that the camera has announced. */
const soundWithinMs = 1_000;
/** The interval of receiver reports: the shortest that RFC 3550, 6.2 allows. Some cameras stop sending without them. */
const reportEveryMs = 5_000;

const wrongSound =
  'The camera describes its AAC sound with a wrong sample rate, so it cannot be decoded; set the camera to another rate.';

interface Reception {
  readonly track: RtspTrack;
  readonly receiver: Receiver;
  readonly clock: TrackClock;
}

/** Reads a camera over RTSP. */
export class RtspSource implements Source, FeedSession {
  readonly #options: RtspSourceOptions;
  readonly #clock: SessionClock;
  readonly #pace: PicturePace;
  readonly #reorder = new ReorderDepth();
  #run: Run | undefined;
  /** By the track's index in the session description. Every packet is looked up here. */
  readonly #receptions: (Reception | undefined)[] = [];
  /** When the first unit came. */
  #beganAt: number | undefined;
  #rtsp: RtspSession | undefined;
  #stall: string | undefined;
  #soundFormat: SoundFormat | undefined;
  #soundPace: SoundPace | undefined;
  #facts: ReadingFacts = { reader: 'FLASHBACK', transport: 'TCP' };
  #reportedAt = performance.now();

  constructor(options: RtspSourceOptions) {
    this.#options = options;
    const { rates, pictureIntervalMs } = options.knowledge;
    this.#clock = new SessionClock(rates && { rates });
    this.#pace = new PicturePace(performance.now(), pictureIntervalMs);
  }

  /** @throws RtspError if no session can be opened, CannotRead if this reader cannot read the stream */
  async run(signal: AbortSignal): Promise<SourceEnd> {
    const { address, transport, tls, privateCameras, turns, lookup, knowledge } = this.#options;
    try {
      const rtsp = await openSession({
        address,
        transport,
        tls: { ...tls, fingerprint: knowledge.tlsFingerprint },
        privateCameras,
        turns,
        lookup,
        signal,
        choose: (tracks) => this.#choose(tracks),
        onSetUp: (transport) => {
          this.#facts = { ...this.#facts, transport };
          if (transport === 'UDP') for (const { track } of this.#received) this.#receive(track, true);
        },
        onPacket: (track, buffer, from, to, arrivedAt) => {
          if (track.kind === 'video') this.#pace.sawPacket(arrivedAt);
          this.#receptions[track.index]?.receiver.push(buffer, from, to, arrivedAt);
        },
        onControlPacket: (track, buffer, from, to, arrivedAt) =>
          this.#receptions[track.index]?.receiver.pushControl(buffer, from, to, arrivedAt),
      });
      this.#rtsp = rtsp;
      // The camera may have taken long to answer, so the time without a picture is counted from here.
      this.#pace.sawPacket(performance.now());
      for (const { track } of this.#received) if (!rtsp.tracks.includes(track)) this.#refused(track);
      if (rtsp.tlsFingerprint && !knowledge.tlsFingerprint) this.#options.onCertificate(rtsp.tlsFingerprint);
      const error = await rtsp.ended;
      knowledge.pictureIntervalMs = this.#pace.longestMs;
      knowledge.rates = this.#clock.rates;
      const { code, message, refusesCredentials } = error;
      const problem = this.#stall ? noPicture(this.#stall) : { code, message };
      return { problem, isRefused: refusesCredentials };
    } finally {
      for (const { receiver } of this.#received) receiver.close();
    }
  }

  get #received(): Reception[] {
    return this.#receptions.filter((reception) => reception !== undefined);
  }

  get facts(): ReadingFacts {
    return this.#facts;
  }

  get soundFormat(): SoundFormat | undefined {
    return this.#soundFormat;
  }

  get awaitsSound(): boolean {
    return this.#isSoundAnnounced && !this.#soundFormat && !this.#isSoundOverdue(performance.now());
  }

  get #isSoundAnnounced(): boolean {
    return this.#received.some(({ track }) => track.kind === 'audio');
  }

  get reorderDepth(): number {
    return this.#reorder.depth;
  }

  #isSoundOverdue(now: number): boolean {
    return this.#beganAt !== undefined && now - this.#beganAt > soundWithinMs;
  }

  tick(now: number): string | undefined {
    if (!this.#rtsp || this.#stall) return undefined;
    this.#noteSilence(now);
    this.#stall = this.#pace.problem(now);
    this.#rtsp.readInTurns(this.#beganAt !== undefined && this.#clock.isSettled(now));
    if (this.#stall) void this.#rtsp.close();
    else if (now - this.#reportedAt >= reportEveryMs) this.#sendReports(now);
    return this.#stall;
  }

  #noteSilence(now: number): void {
    if (this.#soundFormat || this.#facts.soundLeftOut || !this.#isSoundOverdue(now)) return;
    if (this.#isSoundAnnounced)
      this.#leaveOut('The camera announces sound and sends none that can be decoded.');
  }

  #sendReports(now: number): void {
    this.#reportedAt = now;
    for (const { track, receiver } of this.#received) {
      this.#rtsp?.sendControlPacket(track, receiver.receiverReport(now));
    }
  }

  #announce(tracks: readonly RtspTrack[], sound: RtspTrack | undefined): void {
    if (sound) this.#leaveOut(this.#receive(sound)?.unsupported);
    else {
      const offered = tracks.filter(({ kind }) => kind === 'audio').map(({ encoding }) => encoding);
      if (offered.length > 0) this.#leaveOut(`Clips cannot hold the camera’s sound (${offered.join(', ')}).`);
    }
  }

  #leaveOut(soundLeftOut: string | undefined): void {
    if (this.#facts.soundLeftOut !== soundLeftOut) this.#facts = { ...this.#facts, soundLeftOut };
  }

  /** @throws CannotRead if a clip can hold none of the offered video tracks */
  #choose(tracks: readonly RtspTrack[]): RtspTrack[] {
    const { video, sound } = chooseTracks(tracks);
    if (!video) throw new CannotRead(whyNoVideo(tracks));
    const refused = this.#receive(video);
    if (refused) throw new CannotRead(refused.unsupported, refused.isForFfmpeg);
    this.#announce(tracks, sound);
    return [video, sound].flatMap((track) => (track && this.#receptions[track.index] ? [track] : []));
  }

  /** @returns why this reader cannot read the track; undefined if it can */
  #receive(track: RtspTrack, isDatagram = false): Unsupported | undefined {
    const kind = track.kind === 'video' ? 'video' : 'sound';
    const clock = this.#receptions[track.index]?.clock ?? this.#clock.track(track.clockRate, kind);
    const receiver = createReceiver({
      ...track,
      memory: this.#options.memory,
      isDatagram,
      onUnit: (unit) => this.#take(unit, clock),
      onSenderReport: (ntpMs, timestamp, arrivedAt) => clock.report(ntpMs, timestamp, arrivedAt),
    });
    if ('unsupported' in receiver) return receiver;
    this.#receptions[track.index] = { track, receiver, clock };
    if (kind === 'sound')
      this.#soundPace = new SoundPace(track.clockRate, this.#options.knowledge.isSoundWrong);
    return undefined;
  }

  #refused(track: RtspTrack): void {
    this.#receptions[track.index]?.receiver.close();
    this.#receptions[track.index] = undefined;
    if (track.kind === 'audio') this.#leaveOut('The camera announces sound and refuses to send it.');
  }

  #takesSound(unit: AccessUnit, format: SoundFormat): boolean {
    // Checked for AAC only: decoders of other sound take any bytes.
    const isWrong = format.codec === 'aac' && this.#soundPace?.isWrong(unit) === true;
    if (format === this.#soundFormat && !isWrong) return true;
    const why = isWrong ? wrongSound : whyLeftOut(format);
    this.#leaveOut(why);
    this.#options.knowledge.isSoundWrong = isWrong;
    this.#soundFormat = why === undefined ? format : undefined;
    return why === undefined;
  }

  #take(unit: AccessUnit, clock: TrackClock): void {
    this.#beganAt ??= unit.arrivedAt;
    const isLeftOut = unit.format.kind === 'sound' && !this.#takesSound(unit, unit.format);
    if (this.#stall || isLeftOut) {
      unit.footage.release();
      return;
    }
    const stamp = clock.note(unit);
    if (unit.format.kind === 'video') {
      this.#pace.sawPicture(unit.arrivedAt);
      if (this.#run !== stamp.run) this.#reorder.restart();
      this.#run = stamp.run;
      this.#reorder.note(stamp.ticks);
    } else {
      this.#pace.sawSound(unit.arrivedAt);
    }
    // Written out, because a spread here takes a tenth of the processor time of a camera.
    this.#options.take({
      footage: unit.footage,
      timestamp: unit.timestamp,
      arrivedAt: unit.arrivedAt,
      isSync: unit.isSync,
      recoveryPictures: unit.recoveryPictures ?? 0,
      format: unit.format,
      duration: unit.duration,
      session: this,
      stamp,
    });
  }
}
