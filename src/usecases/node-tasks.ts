import { findCamera } from '../db/cameras.ts';
import { removePlaybacks } from '../db/playback-removal.ts';
import { demandUnprotected, saveProtection } from '../db/protection.ts';
import { retry } from '../db/transitions.ts';
import { conflict } from '../domain/errors.ts';
import type { NodeSpools } from '../finishing/node-spools.ts';
import type { Playback } from '../generated/prisma/client.ts';
import { NodeAway, type OtherNodes } from '../nodes/other-nodes.ts';
import { discardPlayback } from './discard-playback.ts';
import type { InTurn } from './in-turn.ts';
import type { Parts } from './parts.ts';
import { type Recorded, type RemoteOrder, recordHere } from './record-here.ts';

/**
 * Tasks that only one node can do: the owner of a camera, or the node whose disk has a playback's footage. Each task
 * may be repeated, because its answer may have been lost. The node that does a task for another one checks nothing
 * about the caller: that was done at the other node.
 */
export interface NodeTasks {
  /** Writes a new event and its playback, and begins to record. @throws NodeAway if the camera is not this node's */
  record(order: RemoteOrder): Promise<Recorded>;
  /** Begins to record a PENDING playback whose recording has not begun, or waits for it. @returns its row */
  confirm(order: { readonly id: string; readonly by: string }): Promise<Playback | undefined>;
  /** Keeps footage up to that time and then ends the recording. */
  keepUntil(order: { readonly id: string; readonly until: Date }): Promise<void>;
  /** Stops all work on playbacks that are being deleted, and removes their footage. */
  discard(ids: readonly string[]): Promise<void>;
  /** Deletes a playback with its footage. @throws RequestError CONFLICT if it is protected */
  remove(id: string): Promise<void>;
  /** @returns false if there is no such playback */
  protect(order: {
    readonly id: string;
    readonly reason: string;
    readonly by: string;
    readonly at: Date;
  }): Promise<boolean>;
  /** Finishes a FAILED playback again. @throws RequestError CONFLICT if there is no footage of it */
  retry(id: string): Promise<void>;
  /** Whether a playback's footage is on this node's disk. */
  holdsFootage(id: string): Promise<boolean>;
  /** The spools on this node's disk (finishing/node-spools.ts). @throws RequestError CONFLICT if it cannot be read */
  spools(): Promise<Readonly<Record<string, boolean>>>;
  removeSpool(spool: { readonly id: string; readonly withFootage: boolean }): Promise<void>;
}

interface TaskParts
  extends Pick<
    Parts,
    'db' | 'now' | 'admission' | 'recorder' | 'feeds' | 'finisher' | 'firstCalls' | 'eventRate'
  > {
  /** Runs deletions and protections of the same playback one after the other. */
  readonly inTurn: InTurn;
  /** Whether a playback's footage is on this server's disk. Never rejects. */
  readonly holdsFootage: (playbackId: string) => Promise<boolean>;
  readonly spools: NodeSpools;
}

export function tasksHere(parts: TaskParts): NodeTasks {
  const { db, now, admission, recorder, feeds, inTurn, holdsFootage, spools } = parts;
  return {
    async record({ camera: given, ...order }) {
      const own = feeds.ownCamera(order.playback.cameraId);
      const known = own && given && { ...given, rtspUrl: own.rtspUrl };
      const camera = known ?? (await findCamera(db, order.playback.cameraId));
      if (!camera) throw new NodeAway('The camera was deleted.');
      // Other nodes are about to become the owners of this node's cameras.
      if (admission.isDraining) throw new NodeAway('The server is stopping.');
      return recordHere(parts, camera, order);
    },
    async confirm({ id, by }) {
      const begun = await recorder.resume(id, async () => {
        const found = await db.playback.findUnique({ where: { id }, include: { camera: true } });
        if (found?.recordingStatus !== 'PENDING') return undefined;
        const { camera, ...playback } = found;
        return { playback, camera, by };
      });
      return begun ?? (await db.playback.findUnique({ where: { id } })) ?? undefined;
    },
    async keepUntil({ id, until }) {
      recorder.keepUntil(id, until);
    },
    async discard(ids) {
      await Promise.all(ids.map((id) => discardPlayback(parts, id)));
    },
    // In turn with `protect`, so that nobody protects the playback between the check and its removal.
    remove: (id) =>
      inTurn.run(id, async () => {
        await demandUnprotected(db, id);
        await discardPlayback(parts, id);
        await db.$transaction((tx) => removePlaybacks(tx, { id }));
        // A job may have begun again while the row was still there.
        await discardPlayback(parts, id);
      }),
    // In turn with `remove`: a deletion that has begun is completed first.
    protect: ({ id, ...protection }) => inTurn.run(id, () => saveProtection(db, id, protection)),
    async retry(id) {
      if (!(await holdsFootage(id))) {
        throw conflict(`The playback ${id} cannot be retried: no footage of it is held.`);
      }
      await retry(db, id, now());
    },
    holdsFootage,
    async spools() {
      const held = await spools.list().catch((error: Error) => {
        throw conflict(error.message);
      });
      return Object.fromEntries(held);
    },
    removeSpool: (spool) => spools.remove(spool),
  };
}

/** @returns a function that gives the tasks of the node that a row names: done here, or over HTTP */
export function tasksOfNodes(here: NodeTasks, others: OtherNodes): (nodeId: string | null) => NodeTasks {
  const names = Object.keys(here);
  const remoteTasks = (nodeId: string) =>
    Object.fromEntries(
      names.map((name) => [name, (input: unknown) => others.call(nodeId, name, input)]),
    ) as unknown as NodeTasks;
  return (nodeId) => (others.isElsewhere(nodeId) ? remoteTasks(nodeId) : here);
}
