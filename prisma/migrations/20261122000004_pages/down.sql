-- Takes back all that migration.sql beside this file adds.

DROP INDEX IF EXISTS "events_open_idx";
DROP INDEX IF EXISTS "playbacks_camera_id_recording_status_started_at_id_idx";
