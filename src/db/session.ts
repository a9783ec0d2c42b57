import type pg from 'pg';
import type { Writes } from './writes.ts';

/** One start of a server, as the database knows it: the id of the node, and the number of this start. */
export interface Incarnation {
  readonly nodeId: string;
  readonly incarnation: bigint;
}

/**
 * A server that is paused inside a transaction holds its locks, and delays all transitions (docs/design.md 7). After this
 * time PostgreSQL ends such a session.
 */
const idleInTransactionMs = 10_000;
/** The longest transaction or single statement (PostgreSQL 17 and newer). Prisma ends its transactions sooner. */
const transactionMs = 60_000;

/**
 * Prepares a new session of the server's pools: time limits, and the name of this server. Triggers compare that name
 * with the owner of each row that the session writes (migration 20261129010000_nodes).
 * @param self undefined: a command, which owns no rows
 * @param writes gets what the session writes; undefined: the session notifies all listeners at each commit
 */
export const prepareSession =
  (self: Incarnation | undefined, writes?: Writes) => async (client: pg.ClientBase) => {
    writes?.follow(client);
    const owner = [self?.nodeId ?? '', self ? `${self.incarnation}` : ''];
    await client.query(
      `SELECT set_config('idle_in_transaction_session_timeout', $1, false),
      CASE WHEN current_setting('server_version_num')::int >= 170000
        THEN set_config('transaction_timeout', $2, false) END,
      set_config('flashback.node', $3, false), set_config('flashback.incarnation', $4, false),
      set_config('flashback.told', $5, false), set_config('client_min_messages', 'notice', false)`,
      [`${idleInTransactionMs}`, `${transactionMs}`, ...owner, writes ? 'yes' : ''],
    );
  };
