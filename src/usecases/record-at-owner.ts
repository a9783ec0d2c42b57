import { setTimeout as sleep } from 'node:timers/promises';
import { findCamera } from '../db/cameras.ts';
import { notFound, RequestError } from '../domain/errors.ts';
import type { Camera } from '../generated/prisma/client.ts';
import { NodeAway } from '../nodes/other-nodes.ts';
import type { Parts } from './parts.ts';
import { type Recorded, type RecordOrder, recordHere } from './record-here.ts';

/** How long to try: longer than it takes to give a lost node's cameras another owner. */
const patienceMs = 9_000;
const pauseMs = 100;

/**
 * Begins a recording at the node that owns the camera. If that node does not answer, or the camera moves, looks up the
 * owner and tries again. If that node has no room, and the camera is about to move to another one, waits for that one.
 * @throws RequestError CAPACITY, also if no node answers
 */
export async function recordAtOwner(
  parts: Pick<
    Parts,
    'db' | 'feeds' | 'admission' | 'recorder' | 'firstCalls' | 'eventRate' | 'tasksOf' | 'isElsewhere'
  >,
  first: Camera,
  order: RecordOrder,
): Promise<Recorded> {
  let camera = first;
  for (const deadline = performance.now() + patienceMs; ; ) {
    const isAgain = camera !== first;
    try {
      if (!parts.isElsewhere(camera.nodeId)) return await recordHere(parts, camera, { ...order, isAgain });
      const { rtspUrl: _, ...withoutAddress } = camera;
      return await parts.tasksOf(camera.nodeId).record({ ...order, isAgain, camera: withoutAddress });
    } catch (error) {
      const isMoving =
        camera.nextNodeId !== null && error instanceof RequestError && error.code === 'CAPACITY';
      if (!(error instanceof NodeAway) && !isMoving) throw error;
      if (performance.now() > deadline) throw error instanceof NodeAway ? nobodyReads(camera) : error;
    }
    await sleep(pauseMs);
    const found = await findCamera(parts.db, first.id);
    if (!found) throw notFound('camera', first.id);
    camera = found;
  }
}

const nobodyReads = ({ nodeId, lastError }: Camera) =>
  nodeId === null && lastError
    ? new RequestError('CAPACITY', lastError, { retryAfterMs: 1_000 })
    : nobodyAnswers();

/** The error for a caller if the server that has to act does not answer. */
const nobodyAnswers = () =>
  new RequestError(
    'CAPACITY',
    'The server that has this camera or its footage does not answer; ask again in a moment.',
    {
      retryAfterMs: 1_000,
    },
  );

/** Throws the error again. NodeAway becomes an error that the caller understands. */
export const rethrowForCaller = (error: unknown): never => {
  throw error instanceof NodeAway ? nobodyAnswers() : error;
};
