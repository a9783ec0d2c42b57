-- Takes back all that migration.sql beside this file adds. Links that were given out stop working.

DROP TABLE IF EXISTS "share_links";

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261129000002_share_links';
  END IF;
END $$;
