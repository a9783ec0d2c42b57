import type { Session } from '../access/access.ts';
import { RequestError } from '../domain/errors.ts';

/** How often the sessions of open connections are checked. Connections of revoked keys must end within five seconds. */
const checkMs = 1_000;

interface Connection {
  readonly session: Session;
  readonly end: () => void;
}

/**
 * The open WebSockets and SSE streams. Their number is limited per key. They are ended when the key is revoked or the
 * token expires.
 */
export class Connections {
  readonly #perKey: number;
  readonly #open = new Set<Connection>();
  readonly #count = new Map<string, number>();
  readonly #check: NodeJS.Timeout;

  constructor(perKey: number) {
    this.#perKey = perKey;
    this.#check = setInterval(() => this.#endInvalid(), checkMs).unref();
  }

  /**
   * Counts a connection.
   * @param end called once the session is no longer valid
   * @returns must be called when the connection has ended
   * @throws RequestError CAPACITY if the key has too many connections
   */
  admit(session: Session, end: () => void): () => void {
    const { name } = session.caller;
    const count = this.#count.get(name) ?? 0;
    if (count >= this.#perKey) {
      throw new RequestError('CAPACITY', `This key has ${count} connections open, and may have no more.`);
    }
    this.#count.set(name, count + 1);
    const connection = { session, end };
    this.#open.add(connection);
    return () => this.#release(connection);
  }

  #release(connection: Connection): void {
    if (!this.#open.delete(connection)) return;
    const { name } = connection.session.caller;
    const left = (this.#count.get(name) ?? 1) - 1;
    if (left > 0) this.#count.set(name, left);
    else this.#count.delete(name);
  }

  get size(): number {
    return this.#open.size;
  }

  #endInvalid(): void {
    for (const connection of [...this.#open]) {
      if (connection.session.isValid()) continue;
      this.#release(connection);
      connection.end();
    }
  }

  close(): void {
    clearInterval(this.#check);
  }
}
