// Inserts many playbacks with SQL, for measurements of pages.
import type pg from 'pg';

/**
 * Inserts that many playbacks of twenty cameras (one of them with few), each with its own event: nearly all COMPLETED,
 * one in a thousand FAILED, five RECORDING, and several at every time.
 * @returns the cameras' ids, the one with few playbacks last
 */
export async function makePlaybacks(sql: pg.Client, count: number): Promise<string[]> {
  const { rows } = await sql.query(
    `INSERT INTO cameras (id, name, rtsp_url, enabled)
     SELECT gen_random_uuid(), 'Camera ' || n, 'rtsp://127.0.0.1:9/', false FROM generate_series(1, 20) n RETURNING id`,
  );
  const cameras = rows.map(({ id }) => id as string);
  await sql.query(
    `INSERT INTO events (id, camera_id, type, started_at, ended_at)
     SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
       ($1::uuid[])[CASE WHEN n % 1000 = 7 THEN 20 ELSE 1 + n % 19 END], 'MOTION',
       timestamptz '2026-01-01' + (n / 3) * interval '1 second', timestamptz '2026-06-01'
     FROM generate_series(1, $2::int) n`,
    [cameras, count],
  );
  await sql.query(
    `INSERT INTO playbacks (id, camera_id, event_id, recording_status, started_at, storage_path, file_size_bytes)
     SELECT id, camera_id, id,
       CASE WHEN n <= 5 THEN 'RECORDING' WHEN n % 1000 = 3 THEN 'FAILED' ELSE 'COMPLETED' END::recording_status,
       started_at, 'x', 1
     FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM events) numbered`,
  );
  await sql.query('VACUUM ANALYZE playbacks, events, cameras');
  return cameras;
}
