-- Takes back all that migration.sql beside this file adds. RETENTION_DAYS alone then decides.

ALTER TABLE "cameras" DROP COLUMN IF EXISTS "retention";

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261129000001_camera_retention';
  END IF;
END $$;
