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
 * Tells the other nodes that this server is about to end, and waits until they own its cameras and have continued its
 * recordings, and until its own clips are in the store. Also resolves if there is no other node, and after `withinMs`.
 * What is left then is taken over when this node's lease ends. Never rejects.
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
