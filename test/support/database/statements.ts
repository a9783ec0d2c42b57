// Records every SQL statement that this process sends to PostgreSQL.
import pg from 'pg';

export interface Statement {
  readonly text: string;
  readonly values: unknown[];
}

export interface Statements {
  /** The statements since the last call, without those of background work. */
  take(): string[];
  /** The same with their values. */
  takeWithValues(): Statement[];
  stop(): void;
}

/**
 * Statements that begin sessions and transactions, and those of the finishing queue, of heartbeats, of planning who feeds
 * which camera, and of looking for lost nodes' recordings.
 */
const unasked = [
  /^\s*(BEGIN|COMMIT|ROLLBACK|LISTEN)|graphile_worker|set_config|UPDATE nodes/i,
  /^\s*WITH live AS|pg_try_advisory|WHERE .*"?next_node_id|FROM\s+playbacks p\s+JOIN cameras c/i,
];

/** @param databaseUrl records only statements of connections to this database */
export function recordStatements(databaseUrl: string): Statements {
  const database = new URL(databaseUrl).pathname.slice(1);
  const seen: Statement[] = [];
  const original = pg.Client.prototype.query;
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const [first] = args;
    const { text = '', values = [] } =
      typeof first === 'string' ? { text: first } : (first as Partial<Statement>);
    if (this.database === database && !unasked.some((kind) => kind.test(text))) seen.push({ text, values });
    return Reflect.apply(original, this, args);
  } as typeof original;
  return {
    take: () => seen.splice(0).map(({ text }) => text),
    takeWithValues: () => seen.splice(0),
    stop: () => {
      pg.Client.prototype.query = original;
    },
  };
}
