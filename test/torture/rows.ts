// What the database says, read directly and not over the proxy.
import pg from 'pg';

export async function read<Row>(
  databaseUrl: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query(sql, [...values])).rows as Row[];
  } finally {
    await client.end();
  }
}

/** What a node feeds, records and finishes. */
export interface Held {
  /** The ids of the cameras. */
  readonly cameras: ReadonlySet<string>;
  /** The playbacks that have no clip yet. */
  readonly unfinished: readonly {
    readonly id: string;
    /** Until when the bucket has its footage; null: the bucket has none. */
    readonly copiedUntil: Date | null;
  }[];
}

export async function heldBy(databaseUrl: string, nodeId: string): Promise<Held> {
  const rows = await read<{ cameraId: string; id: string | null; copiedUntil: Date | null }>(
    databaseUrl,
    `SELECT id AS "cameraId", NULL::uuid AS id, NULL::timestamptz AS "copiedUntil" FROM cameras WHERE node_id = $1
     UNION ALL SELECT camera_id, id, offsite_until FROM playbacks
       WHERE node_id = $1 AND recording_status IN ('PENDING', 'RECORDING', 'PROCESSING')`,
    [nodeId],
  );
  return {
    cameras: new Set(rows.map(({ cameraId }) => cameraId)),
    unfinished: rows.flatMap(({ id, copiedUntil }) => (id ? [{ id, copiedUntil }] : [])),
  };
}

/**
 * Whether a start of a node is still the newest one that the database knows; undefined: it has not been heard of for a
 * while, and may still be declared lost.
 */
export async function isNewest(databaseUrl: string, nodeId: string, incarnation: string) {
  const [row] = await read<{ incarnation: string; isFresh: boolean }>(
    databaseUrl,
    `SELECT incarnation, lease_until > clock_timestamp() + interval '3 seconds' AS "isFresh" FROM nodes WHERE id = $1`,
    [nodeId],
  );
  if (row!.incarnation !== incarnation) return false;
  return row!.isFresh ? true : undefined;
}

export async function incarnationOf(databaseUrl: string, nodeId: string): Promise<string> {
  const sql = 'SELECT incarnation FROM nodes WHERE id = $1';
  return (await read<{ incarnation: string }>(databaseUrl, sql, [nodeId]))[0]!.incarnation;
}

/**
 * From now on the database notes who takes a playback out of a status that is not final although the playback is not
 * theirs, or although their start is no longer the newest one of their node.
 */
export async function noteOldWrites(databaseUrl: string): Promise<void> {
  await read(
    databaseUrl,
    `CREATE TABLE IF NOT EXISTS torture_old_writes (text text);
     CREATE OR REPLACE FUNCTION torture_note_write() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       IF OLD.node_id = flashback_node() AND OLD.owner_epoch = flashback_epoch()
         AND EXISTS (SELECT FROM nodes WHERE id = flashback_node() AND incarnation = flashback_epoch()) THEN
         RETURN NULL;
       END IF;
       INSERT INTO torture_old_writes VALUES (format('%s of %s %s became %s, written by %s %s', OLD.id,
         OLD.node_id, OLD.owner_epoch, NEW.recording_status, flashback_node(), flashback_epoch()));
       RETURN NULL;
     END $$;
     CREATE OR REPLACE TRIGGER torture_note_write AFTER UPDATE ON playbacks FOR EACH ROW
       WHEN (OLD.recording_status <> NEW.recording_status AND OLD.recording_status <> 'FAILED')
       EXECUTE FUNCTION torture_note_write()`,
  );
}

/** @returns every breach, as a sentence */
export const oldWrites = async (databaseUrl: string): Promise<string[]> =>
  (await read<{ text: string }>(databaseUrl, 'SELECT text FROM torture_old_writes')).map(({ text }) => text);
