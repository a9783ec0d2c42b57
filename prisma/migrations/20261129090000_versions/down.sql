-- Takes back all that migration.sql beside this file adds.

DROP TRIGGER IF EXISTS "playbacks_write_readable_end" ON "playbacks";
DROP FUNCTION IF EXISTS "flashback_write_readable_end"();
DROP TABLE IF EXISTS "enum_values";
DROP FUNCTION IF EXISTS "flashback_demand_version"(TEXT);
DROP FUNCTION IF EXISTS "flashback_oldest_version"();
DROP FUNCTION IF EXISTS "flashback_version"(TEXT);
ALTER TABLE IF EXISTS "installation" DROP COLUMN IF EXISTS "min_version";

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261129090000_versions';
  END IF;
END $$;
