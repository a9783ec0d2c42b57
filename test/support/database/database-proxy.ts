// A TCP proxy in front of the tests' PostgreSQL that loses answers on command.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import path from 'node:path';

export interface DatabaseProxy {
  /** The connection string through the proxy. */
  readonly url: string;
  /**
   * For the next statement that contains this text, the database gets all of it, but the client is disconnected instead
   * of answered. The statement is committed, and the client does not know.
   * @param times for this many statements in a row
   */
  loseAnswer(text: string, times?: number): void;
  /** The same, but the database gets nothing of the statement. */
  loseStatement(text: string, times?: number): void;
  /** How many answers and statements were lost. */
  readonly lost: number;
  /** Ends all faults. */
  mend(): void;
  close(): Promise<void>;
}

/** @param url of a database on the tests' server, which listens on a Unix socket */
export async function startDatabaseProxy(url: string): Promise<DatabaseProxy> {
  const target = new URL(url);
  const socketPath = path.join(target.searchParams.get('host')!, '.s.PGSQL.5432');
  const clients = new Set<Socket>();
  let wanted: { text: string; times: number; what: 'answer' | 'statement' } | undefined;
  let lost = 0;

  const server = createServer((client) => {
    clients.add(client);
    const database = connect(socketPath);
    let isLosing = false;
    const end = () => {
      clients.delete(client);
      client.destroy();
      database.destroy();
    };
    client.on('data', (bytes) => {
      if (wanted && wanted.times > 0 && bytes.includes(wanted.text)) {
        wanted.times--;
        if (wanted.what === 'statement') {
          lost++;
          return end();
        }
        isLosing = true;
      }
      database.write(bytes);
    });
    database.on('data', (bytes) => {
      if (!isLosing) return void client.write(bytes);
      // An answer ends with ReadyForQuery. By then, the statement is committed.
      if (!bytes.includes(Buffer.from([0x5a, 0, 0, 0, 5]))) return;
      lost++;
      end();
    });
    for (const socket of [client, database]) socket.on('error', end).on('close', end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const through = new URL(url);
  through.searchParams.delete('host');
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    loseAnswer(text, times = 1) {
      wanted = { text, times, what: 'answer' };
    },
    loseStatement(text, times = 1) {
      wanted = { text, times, what: 'statement' };
    },
    get lost() {
      return lost;
    },
    mend() {
      wanted = undefined;
    },
    async close() {
      for (const client of clients) client.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
