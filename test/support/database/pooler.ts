// A pooler in front of PostgreSQL that lends its one session for one transaction at a time, as PgBouncer does with
// pool_mode=transaction. It implements as much of PostgreSQL's protocol ("Message Formats") as that needs.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import pg from 'pg';

const sslRequest = 80_877_103;
const fewSettings = /^(user|database|client_encoding|application_name|datestyle|timezone)$/i;

export interface Pooler {
  readonly url: string;
  close(): Promise<void>;
}

/** @param options.refusesSettings refuses unknown settings as PgBouncer does (ignore_startup_parameters) */
export async function startPooler(
  databaseUrl: string,
  options: { refusesSettings: boolean },
): Promise<Pooler> {
  const { host, port, user, database } = new pg.Client({ connectionString: databaseUrl });
  const server = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  const sockets = new Set<Socket>([server]);
  let lentTo: Socket | undefined;
  const waiting: { client: Socket; bytes: Buffer }[] = [];

  server.write(startup({ user: user!, database: database! }));
  const fromServer = messages(server);
  for await (const message of fromServer) if (message.type === 'Z') break;
  const relay = async () => {
    for await (const { type, bytes } of messages(server)) {
      lentTo?.write(bytes);
      if (type !== 'Z' || bytes.at(-1) !== 0x49) continue; // 'I': no transaction is open
      lentTo = undefined;
      const next = waiting.shift();
      if (next) lend(next.client, next.bytes);
    }
  };
  relay().catch(() => {}); // until it is closed

  function lend(client: Socket, bytes: Buffer): void {
    if (lentTo && lentTo !== client) return void waiting.push({ client, bytes });
    lentTo = client;
    server.write(bytes);
  }

  const pooler = createServer((client) => {
    sockets.add(client);
    client.on('error', () => {});
    client.on('data', function greet(bytes: Buffer) {
      // A refused client announces that it disconnects.
      if (bytes.length < 8) return;
      if (bytes.readInt32BE(4) === sslRequest) return void client.write('N');
      const names = settingsOf(bytes);
      const refused = names.find((name) => !fewSettings.test(name));
      if (refused && options.refusesSettings) {
        const text = `SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: ${refused}\0\0`;
        return void client.end(message('E', Buffer.from(text)));
      }
      client.off('data', greet);
      client.on('data', (bytes: Buffer) => {
        // 'X' (Terminate): the client leaves. The pooler keeps PostgreSQL's session, so it does not pass this on.
        if (bytes[0] !== 0x58) lend(client, bytes);
      });
      client.write(message('R', Buffer.alloc(4)));
      client.write(message('K', Buffer.alloc(8, 1)));
      client.write(message('Z', Buffer.from('I')));
    });
  });
  pooler.listen(0, '127.0.0.1');
  await once(pooler, 'listening');
  return {
    url: `postgresql://${user}@127.0.0.1:${(pooler.address() as AddressInfo).port}/${database}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      pooler.close();
      await once(pooler, 'close');
    },
  };
}

function startup(settings: Record<string, string>): Buffer {
  const text = Buffer.from(`${Object.entries(settings).flat().join('\0')}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + text.length);
  head.writeInt32BE(196_608, 4); // protocol 3.0
  return Buffer.concat([head, text]);
}

const settingsOf = (bytes: Buffer): string[] =>
  bytes
    .subarray(8)
    .toString()
    .split('\0')
    .filter((_, i) => i % 2 === 0)
    .filter(Boolean);

function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

/** The server's messages, one by one. A reader that stops does not end the socket. */
async function* messages(socket: Socket): AsyncGenerator<{ type: string; bytes: Buffer }> {
  let rest = Buffer.alloc(0);
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
      const length = 1 + rest.readInt32BE(1);
      yield { type: String.fromCharCode(rest[0]!), bytes: rest.subarray(0, length) };
      rest = rest.subarray(length);
    }
  }
}
