-- migration.sql beside this file changes rows, not the schema: there is nothing to take back.

-- The next start of a version that knows the migration applies it again.
DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261128000001_old_playbacks';
  END IF;
END $$;
