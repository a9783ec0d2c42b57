import { EventEmitter } from 'node:events';
import type pg from 'pg';

/** What the database tells a session that it has written (migration 20261129120000_told_sessions). */
const kinds = ['flashback_transitions', 'flashback_jobs'] as const;
export type WrittenKind = (typeof kinds)[number];

/**
 * Says what the sessions of this server have written, as soon as it is committed. Triggers in the database notice it, so
 * that no code that writes can forget it, and tell the session with a notice. If the transaction is rolled back, this says
 * so all the same: it is a hint to look.
 */
export class Writes {
  readonly #emitter = new EventEmitter();

  on(kind: WrittenKind, listener: () => void): void {
    this.#emitter.on(kind, listener);
  }

  /** Follows a new session of a pool whose settings say that it is told (`flashback.told`). */
  follow(client: pg.ClientBase): void {
    const written = new Set<WrittenKind>();
    const tell = () => {
      const told = [...written];
      written.clear();
      for (const kind of told) this.#emitter.emit(kind);
    };
    client.on('notice', ({ message }) => {
      const kind = kinds.find((it) => it === message);
      if (kind) written.add(kind);
    });
    // The notice comes while the transaction is open. PostgreSQL is ready for another query when the commit is done.
    client.on('drain', () => {
      if (written.size > 0 && client.getTransactionStatus() === 'I') tell();
    });
    // The answer was lost; the commit may have happened.
    client.on('end', tell);
  }
}
