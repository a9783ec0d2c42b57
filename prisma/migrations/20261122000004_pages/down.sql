-- Takes back all that migration.sql beside this file adds.

DROP INDEX IF EXISTS "events_open_idx";
DROP INDEX IF EXISTS "playbacks_camera_id_recording_status_started_at_id_idx";

-- The next start of a version that knows the migration applies it again.
DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261122000004_pages';
  END IF;
END $$;
