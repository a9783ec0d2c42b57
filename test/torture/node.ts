// One server of the torture with its disk, its clock and the lines to it. It stays the same node when it is killed and
// started again.
import { freePort } from '../support/processes/free-port.ts';
import { type Line, startLine } from '../support/processes/line.ts';
import { bucketSettings, type S3Server } from '../support/s3/s3-server.ts';
import { incarnationOf } from './rows.ts';
import { type Server, startServer } from './server.ts';

export interface NodeOptions {
  readonly id: string;
  readonly dataDir: string;
  readonly bucket: S3Server;
  /** The database that it shares with other nodes; undefined: it is alone, with a database of its own. */
  readonly databaseUrl: string | undefined;
  /** Called with the database's own address. Returns the address of the proxy before it. */
  readonly reach: (databaseUrl: string) => Promise<string>;
  /** The checkout of an earlier release, which the node runs until it is started again. */
  readonly from?: string | undefined;
}

/** The lines over which a node reaches the database and the bucket, and the other nodes reach it. */
export const lineNames = ['database', 'bucket', 'other nodes'] as const;
export type LineName = (typeof lineNames)[number];

export async function openNode(options: NodeOptions): Promise<Node> {
  const { id, dataDir, bucket, databaseUrl } = options;
  const port = await freePort();
  const lines: Partial<Record<LineName, Line>> = {
    bucket: await startLine(Number(new URL(bucket.endpoint).port)),
    'other nodes': await startLine(port),
  };
  const together = databaseUrl && {
    ...{ NODE_ID: id, NODE_URL: `http://127.0.0.1:${lines['other nodes']!.port}` },
    // A lost machine loses little of what it recorded.
    ...{
      DATABASE_URL: databaseUrl,
      SECRET_KEY: Buffer.alloc(32, 1).toString('base64'),
      OFFSITE_EVERY_SEC: '2',
    },
  };
  const env = {
    ...{ DATA_DIR: dataDir, PORT: `${port}`, SPOOL_MIN_FREE_BYTES: '0' },
    ...{ ...bucketSettings(bucket), R2_ENDPOINT: `http://127.0.0.1:${lines.bucket!.port}` },
    ...together,
  };
  return new Node(options, env, lines);
}

export class Node {
  readonly env: Record<string, string>;
  readonly lines: Partial<Record<LineName, Line>>;
  readonly #options: NodeOptions;
  /** How far the server's clock was ahead of this machine's, and since when (epoch ms). */
  readonly #clock = [{ sinceMs: 0, aheadMs: 0 }];
  server!: Server;
  #isUpgraded = false;
  /** The number of the server's start, if it shares the database. */
  incarnation = '';

  /** Use `openNode`. */
  constructor(options: NodeOptions, env: Record<string, string>, lines: Node['lines']) {
    this.#options = options;
    this.env = env;
    this.lines = lines;
  }

  get id(): string {
    return this.#options.id;
  }

  get dataDir(): string {
    return this.#options.dataDir;
  }

  async start(): Promise<void> {
    const { from } = this.#options;
    const release = this.#isUpgraded ? undefined : from;
    this.#isUpgraded = true;
    this.server = await startServer(this.env, {
      release,
      aheadMs: this.#clock.at(-1)!.aheadMs,
      reach: async (databaseUrl) => {
        const url = new URL(await this.#options.reach(databaseUrl));
        this.lines.database ??= await startLine(Number(url.port));
        url.port = `${this.lines.database.port}`;
        return url.href;
      },
    });
    const { databaseUrl } = this.#options;
    if (databaseUrl) this.incarnation = await incarnationOf(databaseUrl, this.id);
  }

  setClock(aheadMs: number): void {
    if (this.#clock.at(-1)!.aheadMs === aheadMs) return;
    this.#clock.push({ sinceMs: Date.now(), aheadMs });
    this.server.setClock(aheadMs);
  }

  get isClockSet(): boolean {
    return this.#clock.at(-1)!.aheadMs !== 0;
  }

  /** By how much the server's clock was ahead at that time, and after each change since then. */
  aheadSince(ms: number): number[] {
    const first = this.#clock.findLastIndex(({ sinceMs }) => sinceMs <= ms);
    return this.#clock.slice(first).map(({ aheadMs }) => aheadMs);
  }

  mend(): void {
    for (const line of Object.values(this.lines)) line.mend();
  }

  async close(): Promise<void> {
    this.mend();
    if (this.server?.isAlive) {
      this.server.kill();
      await this.server.over();
    }
    for (const line of Object.values(this.lines)) await line.close();
  }
}
