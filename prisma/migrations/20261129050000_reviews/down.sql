-- Takes back all that migration.sql beside this file adds. Nobody has reviewed anything then.

DROP TABLE IF EXISTS "reviews";

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261129050000_reviews';
  END IF;
END $$;
