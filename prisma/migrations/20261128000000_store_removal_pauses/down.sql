-- Takes back all that migration.sql beside this file adds.

DROP INDEX IF EXISTS "store_removals_due_at_idx";
ALTER TABLE IF EXISTS "store_removals"
  DROP COLUMN IF EXISTS "tries",
  DROP COLUMN IF EXISTS "due_at";
