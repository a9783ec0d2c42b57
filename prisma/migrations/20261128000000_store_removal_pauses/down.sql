-- Takes back all that migration.sql beside this file adds.

DROP INDEX IF EXISTS "store_removals_due_at_idx";
ALTER TABLE IF EXISTS "store_removals"
  DROP COLUMN IF EXISTS "tries",
  DROP COLUMN IF EXISTS "due_at";

-- The next start of a version that knows the migration applies it again.
DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261128000000_store_removal_pauses';
  END IF;
END $$;
