// Saves the time of long recordings: a server is stopped, its spools are made longer, and the next one continues them.
import path from 'node:path';
import pg from 'pg';
import { runningServerUrl } from '../../../src/db/embedded/server.ts';
import { type BenchServer, startServer } from '../server.ts';
import { lengthenSpool } from './long-spool.ts';
import { type Rig, untilLive } from './rig.ts';

/** An event that is being recorded. */
export interface Open {
  readonly id: string;
  readonly playback: { readonly id: string };
}

/**
 * The same events on a new server, with spools of that length.
 * @param server the one that records them now
 * @param environment of the new server
 */
export async function restartLater(
  { dir }: Rig,
  server: BenchServer,
  events: readonly Open[],
  seconds: number,
  environment?: Record<string, string>,
): Promise<BenchServer> {
  const sql = new pg.Client({ connectionString: runningServerUrl(dir)! });
  await sql.connect();
  const lengthen = "UPDATE playbacks SET started_at = started_at - $2 * interval '1 second' WHERE id = $1";
  for (const { playback } of events) await sql.query(lengthen, [playback.id, seconds]);
  await sql.end();
  await server.stop();
  for (const { playback } of events) await lengthenSpool(path.join(dir, 'spool'), playback.id, seconds);
  const next = await startServer(dir, environment);
  await untilLive(next, 1);
  return next;
}
