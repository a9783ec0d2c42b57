import type { Db } from '../db/client.ts';
import { allKeys, createKey, noteKeyUse, revokeKey } from '../db/keys.ts';
import type { Caller, Role } from '../domain/caller.ts';
import type { ApiKey } from '../generated/prisma/client.ts';
import type { Log } from '../log.ts';
import { holderOfKey } from './holders.ts';
import { nameOfKey } from './names.ts';
import { hashOf, newSecret } from './secret.ts';

/** A key from the configuration (API_KEYS). */
export interface BootstrapKey {
  readonly name: string;
  readonly role: Role;
  readonly secret: string;
}

export interface KeyRequest {
  readonly name: string;
  readonly role: Role;
  /** undefined: no limit */
  readonly cameraIds: readonly string[] | undefined;
  readonly expiresAt: Date | undefined;
}

interface KnownKey {
  /** The id of the key's row; undefined for a key from the configuration. */
  readonly id: string | undefined;
  readonly caller: Caller;
  readonly expiresAt: number;
  lastUsedAt: number;
}

/** How often the keys are read although no notification came: a notification can be lost. */
const pollMs = 5_000;
const noteUseEveryMs = 60_000;

/** Makes a key. The secret is not stored: it can be read only from this result. */
export async function makeKey(db: Db, request: KeyRequest): Promise<{ key: ApiKey; secret: string }> {
  const secret = newSecret();
  const { name, role, cameraIds, expiresAt } = request;
  const key = await createKey(db, {
    name,
    role,
    secretHash: hashOf(secret),
    limited: cameraIds !== undefined,
    cameraIds: [...(cameraIds ?? [])],
    expiresAt: expiresAt ?? null,
  });
  return { key, secret };
}

/**
 * All valid keys, in memory by their hash: a request needs no query. A revocation takes effect as soon as the
 * database's notification comes, or at the next poll.
 */
export class Keys {
  readonly #db: Db;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #bootstrap: ReadonlyMap<string, KnownKey>;
  #known: ReadonlyMap<string, KnownKey> = new Map();
  #byHolder: ReadonlyMap<string, KnownKey> = new Map();
  #everMade = false;
  #reading: Promise<void> = Promise.resolve();
  #poll: NodeJS.Timeout | undefined;

  /** @param options.idOf turns the hash of a configured key's secret into an id, which must not reveal the hash */
  constructor(options: {
    db: Db;
    log: Log;
    now: () => number;
    bootstrap: readonly BootstrapKey[];
    idOf: (secretHash: string) => string;
  }) {
    this.#db = options.db;
    this.#log = options.log;
    this.#now = options.now;
    this.#bootstrap = new Map(
      options.bootstrap.map(({ name, role, secret }) => {
        const hash = hashOf(secret);
        return [hash, permanent(name, role, holderOfKey(options.idOf(hash)))];
      }),
    );
  }

  async start(): Promise<void> {
    await this.reload();
    this.#poll = setInterval(() => this.nudge(), pollMs);
  }

  /** Begins to read the keys again, and does not wait for the result. */
  nudge(): void {
    this.reload().catch((error: Error) =>
      this.#log.warn({ error }, 'the API keys cannot be read; those in memory stay valid'),
    );
  }

  /** Whether a key was ever made. Revoking the last key must not open the server to everybody. */
  get everMade(): boolean {
    return this.#everMade || this.#bootstrap.size > 0;
  }

  /** Reads the keys again. Reads run one after another: otherwise an older result could replace a newer one. */
  reload(): Promise<void> {
    const reading = this.#reading.then(() => this.#read());
    this.#reading = reading.catch(() => {}); // the caller gets the error; the next read runs nevertheless
    return reading;
  }

  async #read(): Promise<void> {
    const keys = await allKeys(this.#db);
    const usable = keys.filter((key) => key.revokedAt === null);
    this.#known = new Map(usable.map((key) => [key.secretHash, this.#knownOf(key)]));
    const all = [...this.#known.values(), ...this.#bootstrap.values()];
    this.#byHolder = new Map(all.map((key) => [key.caller.holder, key]));
    this.#everMade = keys.length > 0;
  }

  #knownOf(key: ApiKey): KnownKey {
    return {
      id: key.id,
      caller: {
        name: nameOfKey(key.name),
        holder: holderOfKey(key.id.replaceAll('-', '')),
        role: key.role,
        cameraIds: key.limited ? key.cameraIds : undefined,
      },
      expiresAt: key.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY,
      lastUsedAt: Math.max(key.lastUsedAt?.getTime() ?? 0, this.#known.get(key.secretHash)?.lastUsedAt ?? 0),
    };
  }

  /** The caller whose key has this hash; undefined if the key is unknown, revoked or expired. */
  find(secretHash: string): Caller | undefined {
    const key = this.#bootstrap.get(secretHash) ?? this.#known.get(secretHash);
    return key && this.#isValid(key) ? key.caller : undefined;
  }

  /** Whether the key with this id (in the form that holders use) is known, not revoked and not expired. */
  has(id: string): boolean {
    return this.callerOf(holderOfKey(id)) !== undefined;
  }

  /** The caller of this holder (holders.ts), with what its key may do now; undefined if there is no such valid key. */
  callerOf(holder: string): Caller | undefined {
    const key = this.#byHolder.get(holder);
    return key && this.#isValid(key) ? key.caller : undefined;
  }

  #isValid(key: KnownKey): boolean {
    return key.expiresAt > this.#now();
  }

  noteUse(secretHash: string): void {
    const key = this.#known.get(secretHash);
    const now = this.#now();
    if (!key?.id || now - key.lastUsedAt < noteUseEveryMs) return;
    key.lastUsedAt = now;
    noteKeyUse(this.#db, key.id, new Date(now)).catch((error: Error) =>
      this.#log.warn({ error }, 'the use of an API key could not be saved'),
    );
  }

  async make(request: KeyRequest): Promise<{ key: ApiKey; secret: string }> {
    const made = await makeKey(this.#db, request);
    await this.reload();
    return made;
  }

  /** @returns undefined when there is no such key */
  async revoke(id: string): Promise<ApiKey | undefined> {
    const revoked = await revokeKey(this.#db, id, new Date(this.#now()));
    await this.reload();
    return revoked;
  }

  async close(): Promise<void> {
    clearInterval(this.#poll);
    await this.#reading;
  }
}

const permanent = (name: string, role: Role, holder: string): KnownKey => ({
  id: undefined,
  caller: { name: nameOfKey(name), holder, role, cameraIds: undefined },
  expiresAt: Number.POSITIVE_INFINITY,
  lastUsedAt: 0,
});
