import { EventEmitter } from 'node:events';
import type pg from 'pg';

/** The notices that a session gets about what it has written (migration 20261129120000_told_sessions). */
const kinds = ['flashback_transitions', 'flashback_jobs'] as const;
export type WrittenKind = (typeof kinds)[number];

/**
 * Reports what the sessions of this server have written, as soon as it is committed. Triggers send a notice to the session
 * that writes, so no code that writes can forget it. A transaction that was rolled back is reported too: a report only
 * means that there may be something new to read.
 */
export class Writes {
  readonly #emitter = new EventEmitter();

  on(kind: WrittenKind, listener: () => void): void {
    this.#emitter.on(kind, listener);
  }

  /** Reads the notices of a new session. Its setting `flashback.told` makes the triggers send them. */
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
