import { Prisma } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';
import { declareLost } from './nodes.ts';
import type { Incarnation } from './session.ts';

/** Which node feeds which camera: the columns node_id and owner_epoch of cameras. */

/** The number of the advisory lock that a round of planning takes. Nothing else uses this number in the database. */
const planLock = 4_173_622_952;

/** @returns null if no node owns the camera, or if there is no such camera */
export async function ownerOfCamera(db: Db, id: string): Promise<string | null> {
  const rows = await db.$queryRaw<{ nodeId: string | null }[]>`
    SELECT node_id AS "nodeId" FROM cameras WHERE id::text = ${id}`;
  return rows[0]?.nodeId ?? null;
}

/** What a round of planning depends on. */
export interface PlanFacts {
  /** The live nodes with their incarnations and capacities, and which of them are draining, as text to compare. */
  readonly live: string;
  /** Whether there is a camera without an owner although it could have one, or with an owner that is not live. */
  readonly isOwnerMissing: boolean;
}

export async function readPlanFacts(db: Db): Promise<PlanFacts> {
  const rows = await db.$queryRaw<PlanFacts[]>`
    WITH live AS (SELECT * FROM nodes WHERE lease_until > clock_timestamp())
    SELECT coalesce(string_agg(concat_ws(' ', id, incarnation, capacity, draining_since, problem IS NULL, site), ','
        ORDER BY id), '') AS live,
      EXISTS (SELECT 1 FROM cameras c WHERE CASE WHEN c.node_id IS NULL
        THEN (c.enabled AND c.last_error IS NULL) OR EXISTS (SELECT 1 FROM live n WHERE ${mayRead})
        ELSE NOT EXISTS (SELECT 1 FROM live WHERE id = c.node_id AND incarnation = c.owner_epoch) END) AS "isOwnerMissing"
    FROM live`;
  return rows[0]!;
}

/** Whether a live node `n` may become the owner of a camera `c`. */
const mayRead = Prisma.sql`n.draining_since IS NULL AND coalesce(c.site = n.site, true)`;

/**
 * Gives each camera the live node that rendezvous hashing chooses for it (weighted as by Schindelhauer and Schomaker,
 * 2005): each node gets a share by its capacity, and when a node comes or goes, only the cameras that it gets or had
 * move. If a camera's owner is not live, the new owner gets it at once; otherwise the new owner prepares first
 * (takePrepared). A camera stays while its owner is live and records it. A draining node gets no camera, and loses
 * those that it has, also while it records them. The same holds for a node that takes no recording (its disk is full or
 * not mounted), as long as another node does; what it records, it records to the end. A camera of a site is given to
 * nodes of that site only; while there is none, nobody owns the camera, and its row says so. One round runs at a time;
 * a camera is written only if it still has the owner that the round has read.
 * @param mayDeclareLost whether nodes without a heartbeat are declared lost. If not, their cameras stay with them. A
 *   lost node may write nothing more, and ends when it finds that out
 */
export function planOwners(db: Db, { mayDeclareLost }: { mayDeclareLost: boolean }): Promise<void> {
  return db.$transaction(async (tx) => {
    const [round] = await tx.$queryRaw<{ isOurs: boolean }[]>`
      SELECT pg_try_advisory_xact_lock(${planLock}::bigint) AS "isOurs"`;
    if (!round!.isOurs) return;
    if (mayDeclareLost) await declareLost(tx);
    await tx.$executeRaw`
      WITH live AS (
        SELECT id, incarnation, capacity, draining_since, problem, site FROM nodes WHERE lease_until > clock_timestamp()
      ), plan AS (
        SELECT DISTINCT ON (c.id) c.id, c.site, c.node_id AS before, c.owner_epoch AS epoch_before, n.id AS node_id,
          n.incarnation, n.problem
        FROM cameras c LEFT JOIN live n ON ${mayRead}
        ORDER BY c.id, n.problem IS NOT NULL,
          n.capacity / -ln(((hashtextextended(c.id || ' ' || n.id, 0) & 9007199254740991) + 0.5) / 9007199254740992) DESC
      ), step AS (
        SELECT plan.*,
          owner.id IS NULL OR owner.ended_at IS NOT NULL OR (plan.node_id IS NULL AND owner.site <> plan.site) AS is_orphan,
          CASE WHEN plan.node_id <> before AND owner.id IN (SELECT id FROM live)
            AND (owner.draining_since IS NOT NULL OR owner.site <> plan.site OR plan.problem IS NULL)
            AND (owner.draining_since IS NOT NULL OR owner.problem IS NOT NULL OR NOT EXISTS (
              SELECT 1 FROM playbacks p WHERE p.camera_id = plan.id AND p.node_id = owner.id
                AND p.recording_status IN ('PENDING', 'RECORDING'))) THEN plan.node_id END AS next_id
        FROM plan LEFT JOIN nodes owner ON owner.id = before AND owner.incarnation = epoch_before
      )
      UPDATE cameras c SET
        node_id = CASE WHEN is_orphan THEN step.node_id ELSE c.node_id END,
        owner_epoch = CASE WHEN is_orphan THEN step.incarnation ELSE c.owner_epoch END,
        next_node_id = CASE WHEN NOT is_orphan THEN step.next_id END,
        next_since = CASE WHEN NOT is_orphan AND step.next_id IS NOT NULL THEN clock_timestamp() END
      FROM step
      WHERE c.id = step.id AND (c.node_id, c.owner_epoch) IS NOT DISTINCT FROM (before, epoch_before)
        AND CASE WHEN is_orphan THEN (before, epoch_before) IS DISTINCT FROM (step.node_id, step.incarnation)
          ELSE c.next_node_id IS DISTINCT FROM step.next_id END`;
    await tx.$executeRaw`
      WITH unread AS (
        SELECT id, CASE WHEN site IS NULL THEN 'No server is there that could read this camera.'
          ELSE format('No server of the site %s is there, and servers of other sites do not read this camera.', site) END AS why
        FROM cameras WHERE node_id IS NULL AND enabled
      )
      UPDATE cameras c SET state = 'OFFLINE', last_error = why, last_error_code = 'NO_SERVER',
        state_since = CASE WHEN state = 'OFFLINE' THEN state_since ELSE clock_timestamp() END
      FROM unread WHERE c.id = unread.id AND c.node_id IS NULL AND (state <> 'OFFLINE' OR last_error IS DISTINCT FROM why)`;
  });
}

/**
 * Makes this start of a node the owner of a camera for which it has prepared, unless the camera is recorded now by a node
 * that goes on taking recordings.
 */
export async function takePrepared(
  db: Db,
  { nodeId, incarnation }: Incarnation,
  cameraId: string,
): Promise<void> {
  await db.$executeRaw`
    UPDATE cameras c SET node_id = ${nodeId}, owner_epoch = ${incarnation}, next_node_id = NULL, next_since = NULL
    WHERE id = ${cameraId}::uuid AND next_node_id = ${nodeId}
      AND (EXISTS (SELECT 1 FROM nodes n WHERE n.id = c.node_id
          AND (n.draining_since IS NOT NULL OR n.problem IS NOT NULL))
        OR NOT EXISTS (SELECT 1 FROM playbacks p WHERE p.camera_id = c.id AND p.node_id = c.node_id
          AND p.recording_status IN ('PENDING', 'RECORDING')))`;
}
