-- Takes back all that migration.sql beside this file adds.

ALTER TABLE IF EXISTS "nodes" DROP COLUMN IF EXISTS "draining_since";

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261129060000_draining';
  END IF;
END $$;
