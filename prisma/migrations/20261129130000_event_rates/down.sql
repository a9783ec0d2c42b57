-- Takes back all that migration.sql beside this file adds.

DROP TABLE IF EXISTS "event_rates";

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261129130000_event_rates';
  END IF;
END $$;
