-- Takes back all that migration.sql beside this file adds. The schema graphile_worker stays: it is not ours.

DROP TRIGGER IF EXISTS "playbacks_queue_finishing" ON "playbacks";
DROP FUNCTION IF EXISTS "flashback_queue_finishing"();
DROP FUNCTION IF EXISTS "flashback_add_finishing_job"(UUID, BIGINT);

-- The next start of a version that knows the migration applies it again.
DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261125000000_finishing_jobs';
  END IF;
END $$;
