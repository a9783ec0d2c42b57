// Every SQL statement that this process sends to PostgreSQL.
import pg from 'pg';

export interface Statements {
  /** What was sent since the last call, without transaction brackets. */
  take(): string[];
  stop(): void;
}

/** @param databaseUrl only statements of connections to this database count */
export function recordStatements(databaseUrl: string): Statements {
  const database = new URL(databaseUrl).pathname.slice(1);
  const seen: string[] = [];
  const original = pg.Client.prototype.query;
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const [first] = args;
    const text = typeof first === 'string' ? first : ((first as { text?: string }).text ?? '');
    if (this.database === database && !/^\s*(BEGIN|COMMIT|ROLLBACK|LISTEN)/i.test(text)) seen.push(text);
    return Reflect.apply(original, this, args);
  } as typeof original;
  return {
    take: () => seen.splice(0),
    stop: () => {
      pg.Client.prototype.query = original;
    },
  };
}
