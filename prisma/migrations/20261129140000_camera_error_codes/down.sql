-- Takes back all that migration.sql beside this file adds.

ALTER TABLE "cameras" DROP COLUMN IF EXISTS "last_error_code";

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261129140000_camera_error_codes';
  END IF;
END $$;
