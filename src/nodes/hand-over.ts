import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '../db/client.ts';
import { type NodeLease, readHandOver } from '../db/nodes.ts';
import type { Incarnation } from '../db/session.ts';
import type { Log } from '../log.ts';

export interface HandOverOptions {
  readonly db: Db;
  readonly lease: NodeLease;
  readonly self: Incarnation;
  readonly log: Log;
  readonly withinMs: number;
}

const everyMs = 250;

/**
 * Says that this server is about to end, and waits while the other nodes become the owners of its cameras and go on
 * with what it records. Resolves once nothing is left and its own clips are in the store; if there is no other node; or
 * after `withinMs`. When the lease ends, the other nodes take over what is left. Never rejects.
 */
export async function handOver({ db, lease, self, log, withinMs }: HandOverOptions): Promise<void> {
  const deadline = performance.now() + withinMs;
  let left = 'cameras and playbacks';
  try {
    await lease.drain();
    do {
      const { others, cameras, playbacks } = await readHandOver(db, self);
      if (others === 0) return log.info({}, 'no other server is there to take over what this one does');
      if (cameras + playbacks === 0) return log.info({}, 'everything is handed over');
      left = `${cameras} cameras and ${playbacks} playbacks`;
      await sleep(everyMs);
    } while (performance.now() < deadline);
    log.warn(
      {},
      `${left} are not handed over in time; the other servers go on with them when this one has ended`,
    );
  } catch (error) {
    log.warn({ error }, 'nothing can be handed over now; the other servers go on when this one has ended');
  }
}
