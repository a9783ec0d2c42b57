import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { AuthScheme, Credentials } from './auth.ts';
import { type ConnectionHost, RtspConnection } from './connection.ts';
import type { RtspRequest } from './message.ts';
import { LiveStream, type StreamSource } from './stream.ts';

export interface RtspServerOptions {
  /** Passwords by user name; without it everybody may play and publish. */
  users?: Readonly<Record<string, string>>;
  /** How users prove their password. Default: digest. */
  auth?: AuthScheme;
  /** Readers at a time; one more is refused with 453. Default: no limit. */
  maxSessions?: number;
  /** A reader that is further behind is cut off, as cameras do. Default: 8 MiB, 16 s of a 4 Mbit/s camera. */
  maxUnsentBytes?: number;
  /** Runs before a request is looked at and may take its time; a status refuses the request. */
  admit?: (request: RtspRequest) => Promise<number | undefined>;
  onAnswered?: (request: RtspRequest, status: number) => void;
  /** A publisher begins to send. */
  onPublish?: (stream: LiveStream) => void;
  /** A publisher's stream can be played from now on; until then its path is answered with 404. */
  onPlayable?: () => void;
}

/**
 * A small RTSP/1.0 server (RFC 2326): media over the RTSP connection only, any number of readers per
 * path, publishers by ANNOUNCE and RECORD. It is what the demo's camera and the tests' cameras speak.
 */
export class RtspServer {
  private readonly options: RtspServerOptions;
  private readonly host: ConnectionHost;
  private readonly sources = new Map<string, StreamSource>();
  private readonly connections = new Set<RtspConnection>();
  private server: Server | undefined;
  private boundPort = 0;

  constructor(options: RtspServerOptions = {}) {
    this.options = options;
    this.host = this.makeHost();
  }

  /** Port 0 takes any free port. Rejects if the address is taken. After `close` it may listen again. */
  async listen(port = 0, host = '127.0.0.1'): Promise<void> {
    const server = createServer((socket) => this.connections.add(new RtspConnection(this.host, socket)));
    server.listen(port, host);
    await once(server, 'listening');
    this.server = server;
    this.boundPort = (server.address() as AddressInfo).port;
  }

  /** The port it listens on, or last listened on. */
  get port(): number {
    return this.boundPort;
  }

  /** The address of a path, with credentials if given. An address, not a name: see `startDemoCamera`. */
  url(path: string, credentials?: Credentials): string {
    const user =
      credentials && [credentials.username, credentials.password].map(encodeURIComponent).join(':');
    return `rtsp://${user ? `${user}@` : ''}127.0.0.1:${this.boundPort}/${encodeURI(path)}`;
  }

  /** Plays a source at a path, in place of what played there. */
  mount(path: string, source: StreamSource): void {
    this.sources.set(path, source);
  }

  /** Cuts every connection without a word. */
  dropConnections(): void {
    for (const connection of [...this.connections]) connection.destroy();
  }

  /** Stops listening, cuts every connection, and resolves when all are gone. */
  async close(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    this.dropConnections();
    await closed;
  }

  private makeHost(): ConnectionHost {
    const { options, sources, connections } = this;
    return {
      users: options.users,
      auth: options.auth ?? 'digest',
      maxUnsentBytes: options.maxUnsentBytes ?? 8 * 1024 * 1024,
      find: (path) => {
        // A track's URL is the stream's with the track's control appended.
        const source = sources.get(path) ?? sources.get(path.replace(/\/[^/]*$/, ''));
        return source instanceof LiveStream && !source.isPlayable ? undefined : source;
      },
      announce: (path, sdp) => {
        if (sources.has(path)) return undefined;
        const stream = new LiveStream(sdp, () => options.onPlayable?.());
        sources.set(path, stream);
        return stream;
      },
      recording: (stream) => options.onPublish?.(stream),
      withdraw: (path) => sources.delete(path),
      hasRoomFor: (connection) => {
        const others = [...connections].filter((other) => other !== connection && other.hasReader);
        return others.length < (options.maxSessions ?? Number.POSITIVE_INFINITY);
      },
      admit: async (request) => options.admit?.(request),
      answered: (request, status) => options.onAnswered?.(request, status),
      closed: (connection) => connections.delete(connection),
    };
  }
}
