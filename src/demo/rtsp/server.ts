import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { AuthScheme, Credentials } from './auth.ts';
import { type ConnectionHost, RtspConnection } from './connection.ts';
import type { RtspRequest } from './message.ts';
import { LiveStream, type StreamSource } from './stream.ts';

export interface RtspServerOptions {
  /** Passwords by user name. Without it, everybody may play and publish. */
  users?: Readonly<Record<string, string>>;
  /** How users authenticate. Default: digest. */
  auth?: AuthScheme;
  /** The largest number of readers at a time; another one is refused with 453. Default: no limit. */
  maxSessions?: number;
  /**
   * A reader with more unsent bytes than this is disconnected, as cameras do. Default: 8 MiB, 16 s of a 4 Mbit/s
   * camera.
   */
  maxUnsentBytes?: number;
  /** Called before a request is handled, and may delay it. A returned status refuses the request. */
  admit?: (request: RtspRequest) => Promise<number | undefined>;
  onAnswered?: (request: RtspRequest, status: number) => void;
  /** Called when a publisher begins to send. */
  onPublish?: (stream: LiveStream) => void;
  /** Called when a publisher's stream can be played. Until then its path is answered with 404. */
  onPlayable?: () => void;
}

/**
 * A small RTSP/1.0 server (RFC 2326). It sends media only inside the RTSP connection, to any number of readers per
 * path, and takes publishers with ANNOUNCE and RECORD. The demo's camera and the tests' cameras use it.
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

  /** Port 0: the system chooses a free port. Rejects if the address is in use. After `close` it may listen again. */
  async listen(port = 0, host = '127.0.0.1'): Promise<void> {
    const server = createServer((socket) => this.connections.add(new RtspConnection(this.host, socket)));
    server.listen(port, host);
    await once(server, 'listening');
    this.server = server;
    this.boundPort = (server.address() as AddressInfo).port;
  }

  /** The port on which the server listens, or last listened. */
  get port(): number {
    return this.boundPort;
  }

  /** The URL of a path, with credentials if given. It has an IP address instead of a name: see `startDemoCamera`. */
  url(path: string, credentials?: Credentials): string {
    const user =
      credentials && [credentials.username, credentials.password].map(encodeURIComponent).join(':');
    return `rtsp://${user ? `${user}@` : ''}127.0.0.1:${this.boundPort}/${encodeURI(path)}`;
  }

  /** Plays a source at a path, and replaces the path's previous source. */
  mount(path: string, source: StreamSource): void {
    this.sources.set(path, source);
  }

  /** Closes every connection without notice. */
  dropConnections(): void {
    for (const connection of [...this.connections]) connection.destroy();
  }

  /** Stops listening, closes every connection, and resolves when all are closed. */
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
        // The URL of a track is the stream's URL followed by the track's control.
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
