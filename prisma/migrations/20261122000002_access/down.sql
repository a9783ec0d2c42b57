-- Takes back all that migration.sql beside this file adds.

DROP TABLE IF EXISTS "api_keys";
DROP FUNCTION IF EXISTS "flashback_notify_keys"();
DROP INDEX IF EXISTS "events_created_by_key_started_at_id_idx";
ALTER TABLE "events" DROP COLUMN IF EXISTS "created_by_key";
DROP TYPE IF EXISTS "access_role";

-- The next start of a version that knows the migration applies it again.
DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261122000002_access';
  END IF;
END $$;
