-- Takes back all that migration.sql beside this file adds.

DROP TABLE IF EXISTS "transition_marks";
DROP INDEX IF EXISTS "playback_transitions_at_idx";

-- The next start of a version that knows the migration applies it again.
DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261122000003_transition_retention';
  END IF;
END $$;
