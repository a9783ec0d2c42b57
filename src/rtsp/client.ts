import type { StreamUrl } from '../domain/stream-url.ts';
import { parseStreamUrl } from '../domain/stream-url.ts';
import { Authenticator } from './authenticator.ts';
import { Connection, type OnFrame, type OpenSocket } from './connection.ts';
import { requestUrl } from './control-url.ts';
import { parseChallenges } from './digest.ts';
import { RtspError } from './errors.ts';
import type { RtspAnswer } from './message.ts';
import type { Turns } from './turns.ts';

const userAgent = 'Flashback';
const maxRedirects = 3;
/**
 * How often a request is sent: once without a password, and once with each of two schemes, or twice if its nonce has
 * expired.
 */
const maxTries = 5;
const leaveMs = 1000;

export interface ClientOptions {
  readonly address: StreamUrl;
  /** @param pin the fingerprint that the certificate must have, if one is known */
  readonly dial: (address: StreamUrl, pin: string | undefined) => Promise<OpenSocket>;
  /** The fingerprint of the certificate that was accepted earlier. */
  readonly pin: string | undefined;
  readonly turns: Turns;
  readonly onFrame: OnFrame;
  readonly signal: AbortSignal;
}

/** Sends the requests of one session: connects, proves the password, follows redirects and keeps the session's id. */
export class RtspClient {
  /** The camera's address, after redirects. */
  address: StreamUrl;
  readonly #options: ClientOptions;
  readonly #authenticator: Authenticator;
  readonly #abandoned: Promise<never>;
  #giveUp: () => void = () => {};
  #isOpening = true;
  #connection: Connection | undefined;
  #socketAddress = '';
  #tlsFingerprint: string | undefined;
  /** The host whose certificate is compared with the pin: the camera's own, not one that a redirect names. */
  #pinned: StreamUrl | undefined;
  #redirects = 0;
  /** The newest request; it never rejects. */
  #last: Promise<unknown> = Promise.resolve();
  #session: string | undefined;
  #timeoutSec = 60;
  /** The URL of the session as a whole. */
  sessionUrl: string;

  constructor(options: ClientOptions) {
    const { address, signal } = options;
    this.#options = options;
    this.address = address;
    this.sessionUrl = requestUrl(address);
    this.#authenticator = new Authenticator(address.user, address.password);
    this.#abandoned = new Promise((_, reject) => {
      this.#giveUp = () => reject(new RtspError('ABANDONED'));
    });
    if (signal.aborted) this.#giveUp();
    else signal.addEventListener('abort', this.#giveUp);
    this.#abandoned.catch(() => {}); // after the opening, nothing awaits it
  }

  /** undefined before the first answer */
  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** The IP address that answers. */
  get socketAddress(): string {
    return this.#socketAddress;
  }

  /** The fingerprint of the first encrypted connection: the camera's own, before redirects. */
  get tlsFingerprint(): string | undefined {
    return this.#tlsFingerprint;
  }

  /** How long the camera keeps the session without a request, in seconds. */
  get timeoutSec(): number {
    return this.#timeoutSec;
  }

  get hasSession(): boolean {
    return this.#session !== undefined;
  }

  /** The opening has ended: from now on `leave` ends the session, and requests are sent only on this connection. */
  opened(): void {
    this.#isOpening = false;
    this.#options.signal.removeEventListener('abort', this.#giveUp);
  }

  /**
   * Sends a request. @returns the camera's answer, with any status except 401
   * @param timeoutMs for each try
   * @throws RtspError
   */
  async request(
    method: string,
    url: string,
    headers: Readonly<Record<string, string>>,
    timeoutMs: number,
  ): Promise<RtspAnswer> {
    let refusals = 0;
    let hasReconnected = false;
    for (let tries = 0; tries < maxTries; tries++) {
      const connection = await this.#connect();
      const authorization = this.#authenticator.authorize(method, url);
      const sent = connection
        .request(method, url, this.#headers(headers, authorization), timeoutMs)
        .then((answer) => this.#noteSession(answer));
      this.#last = sent.catch(() => {}); // the caller gets the error
      let answer: RtspAnswer;
      try {
        answer = await (this.#isOpening ? Promise.race([sent, this.#abandoned]) : sent);
      } catch (error) {
        // If the camera closed the connection after an answer without announcing it, the request is sent again.
        const mayAgain = this.#session === undefined && connection.hasAnswered && !hasReconnected;
        if (!mayAgain || !(error instanceof RtspError) || error.kind !== 'CLOSED') throw error;
        hasReconnected = true;
        continue;
      }
      if (answer.status !== 401) {
        if (authorization) this.#authenticator.accept();
        return answer;
      }
      const challenge = answer.headers.get('www-authenticate') ?? '';
      if (!this.#authenticator.challenge(challenge, authorization !== undefined, refusals > 0)) {
        throw this.#refusal(challenge, authorization !== undefined);
      }
      if (authorization) refusals++;
    }
    throw new RtspError('CREDENTIALS_REFUSED');
  }

  /** Follows a redirect. @throws RtspError if it is not allowed, or was the fourth */
  redirect(location: string | undefined): void {
    if (++this.#redirects > maxRedirects) throw new RtspError('REDIRECTS');
    const { user, password, host, scheme } = this.address;
    const absolute = location?.startsWith('/')
      ? requestUrl({ ...this.address, path: location })
      : (location ?? '');
    let next: StreamUrl;
    try {
      next = parseStreamUrl(absolute);
    } catch (error) {
      throw new RtspError('REDIRECT_WRONG', (error as Error).message);
    }
    if (scheme === 'rtsps' && next.scheme === 'rtsp') {
      throw new RtspError('REDIRECT_WRONG', 'it is not encrypted, and this one is.');
    }
    this.#connection?.fail(new RtspError('ABANDONED'));
    this.#connection = undefined;
    this.#authenticator.moveTo(next.host === host);
    this.address = { ...next, user, password };
    this.sessionUrl = requestUrl(this.address);
  }

  /** Ends the session, because cameras allow only a few, and then the connection. Takes at most 1 s. */
  async leave(): Promise<void> {
    this.opened();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, leaveMs);
    });
    await Promise.race([this.#tearDown(), late]);
    clearTimeout(timer);
    this.#connection?.fail(new RtspError('ABANDONED'));
  }

  async #tearDown(): Promise<void> {
    // The answer that is on its way may contain the session's id.
    await this.#last;
    if (!this.#connection?.isOpen || this.#session === undefined) return;
    // A failure does no harm: the camera’s own time limit ends the session as well.
    await this.request('TEARDOWN', this.sessionUrl, {}, leaveMs).catch(() => {});
  }

  #headers(headers: Readonly<Record<string, string>>, authorization: string | undefined) {
    return { 'User-Agent': userAgent, Session: this.#session, Authorization: authorization, ...headers };
  }

  async #connect(): Promise<Connection> {
    const before = this.#connection;
    if (before && (before.isOpen || this.#session !== undefined || !this.#isOpening)) return before;
    before?.fail(new RtspError('CLOSED'));
    const { address } = this;
    if (address.scheme === 'rtsps') this.#pinned ??= address;
    const isPinned = this.#pinned?.host === address.host && this.#pinned.port === address.port;
    const pin = this.#tlsFingerprint ?? this.#options.pin;
    const dialled = this.#options.dial(address, isPinned ? pin : undefined);
    const open = await Promise.race([dialled, this.#abandoned]).catch((error) => {
      // The opening was given up; nothing waits for the socket.
      dialled.then(({ socket }) => socket.destroy()).catch(() => {});
      throw error;
    });
    this.#connection = new Connection(open, this.#options.turns, this.#options.onFrame);
    this.#socketAddress = open.address;
    this.#tlsFingerprint ??= open.tlsFingerprint;
    return this.#connection;
  }

  #noteSession(answer: RtspAnswer): RtspAnswer {
    const [, id, rest = ''] = /^\s*([^;\s]+)(.*)$/.exec(answer.headers.get('session') ?? '') ?? [];
    if (id === undefined || answer.status >= 300) return answer;
    this.#session = id;
    // An answer without a timeout changes nothing: later answers often omit it.
    const timeout = /;\s*timeout\s*=\s*(\d{1,9})/i.exec(rest)?.[1];
    if (timeout) this.#timeoutSec = Math.max(1, Number(timeout));
    return answer;
  }

  #refusal(challenge: string, hadAuthorization: boolean): RtspError {
    if (!this.#authenticator.hasCredentials) return new RtspError('CREDENTIALS_MISSING');
    if (hadAuthorization) return new RtspError('CREDENTIALS_REFUSED');
    const schemes = parseChallenges(challenge).map(({ scheme, parameters }) =>
      [scheme, parameters.get('algorithm'), parameters.get('qop')].filter(Boolean).join(' '),
    );
    return new RtspError('CREDENTIALS_UNKNOWN', schemes.join(', ') || 'it names none');
  }
}
