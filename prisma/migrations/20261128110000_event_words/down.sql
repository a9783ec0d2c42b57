-- Takes back all that migration.sql beside this file adds.

DROP INDEX IF EXISTS "events_words_idx";
ALTER TABLE "events" DROP COLUMN IF EXISTS "words";

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261128110000_event_words';
  END IF;
END $$;
