import pg from 'pg';

/** Checks the first connection to the database of DATABASE_URL, and explains errors with advice. */

const patienceMs = 10_000;

/** Advice, by the code of the error: PostgreSQL's ("PostgreSQL Error Codes"), the system's, or pg's. */
const advice: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'no PostgreSQL answers at {where}. Start it, or correct the host and the port.',
  ETIMEDOUT:
    'no PostgreSQL answers at {where}. Correct the host and the port, or let this machine through to it.',
  EHOSTUNREACH: 'no route to {where}. Correct the host, or the network.',
  ENETUNREACH: 'no route to {where}. Correct the host, or the network.',
  ECONNRESET: '{where} ended the connection at once. Is that PostgreSQL?',
  ENOENT: 'there is no socket of a PostgreSQL at {where}. Start it, or correct the path.',
  ENOTFOUND: 'the host of {where} is not known. Correct its name.',
  EAI_AGAIN: 'the host of {where} cannot be looked up now. Correct its name, or the network.',
  '28000':
    'PostgreSQL at {where} does not let the user "{user}" in. Correct the user, or PostgreSQL’s pg_hba.conf.',
  '28P01':
    'PostgreSQL at {where} refuses the password of the user "{user}". Correct the user or the password.',
  '3D000': 'PostgreSQL at {where} has no database "{database}". Create it, or correct its name.',
  '42501': 'the user "{user}" may not use the database "{database}" at {where}. Grant it the right to.',
  '53300': 'PostgreSQL at {where} has too many connections. End some, or raise its max_connections.',
  '57P03':
    'PostgreSQL at {where} takes no connections now: it is starting or stopping. Try again in a moment.',
};

const pooler =
  'it leads to a connection pooler (PgBouncer, say) that lends sessions or refuses settings. ' +
  'Flashback needs sessions of its own: set DATABASE_URL to PostgreSQL itself.';

/** The database of DATABASE_URL cannot be used. The message names the variable and says what to do. */
export class DatabaseUnfit extends Error {
  constructor(reason: string, cause?: unknown) {
    super(`DATABASE_URL: ${reason}`, { cause });
    this.name = 'DatabaseUnfit';
  }
}

/**
 * Proves that each connection to this address has a PostgreSQL session of its own: through a pooler, connections share
 * sessions.
 * @throws DatabaseUnfit
 */
export async function proveConnection(url: string): Promise<void> {
  const clients: pg.Client[] = [];
  async function connect(): Promise<number> {
    // The pool for queries uses the same setting (client.ts), which some poolers refuse.
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: patienceMs,
      statement_timeout: patienceMs,
    });
    client.on('error', () => {}); // without a listener, a lost connection would end the process; the query fails anyway
    clients.push(client);
    await client.connect();
    return pidOf(client);
  }
  let isShared: boolean;
  try {
    const pids = [await connect(), await connect()];
    // A pooler gives the session of the first client to the second client as soon as the first one's statement has ended.
    isShared = pids[0] === pids[1] || (await pidOf(clients[0]!)) !== pids[0];
  } catch (error) {
    throw new DatabaseUnfit(reasonOf(error as Error & { code?: string }, clients[0]), error);
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => {}))); // such a connection is lost already
  }
  if (isShared) throw new DatabaseUnfit(pooler);
}

async function pidOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  return rows[0].pid;
}

function reasonOf(error: Error & { code?: string }, client: pg.Client | undefined): string {
  if (/unsupported startup parameter/.test(error.message)) return pooler;
  const code = error.message.startsWith('timeout') ? 'ETIMEDOUT' : (error.code ?? '');
  const { host = '', port, user = '', database = '' } = client ?? {};
  const known = { where: host.startsWith('/') ? host : `${host}:${port}`, user, database };
  const text = advice[code]?.replace(/{(\w+)}/g, (_, name: keyof typeof known) => known[name]);
  const said = [code, error.message].filter(Boolean).join(' ');
  return text ? `${text} (${said})` : `PostgreSQL at ${known.where} cannot be used: ${said}`;
}
