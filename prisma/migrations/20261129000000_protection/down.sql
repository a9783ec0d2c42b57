-- Takes back all that migration.sql beside this file adds. Protected playbacks are then like all others.

DROP TRIGGER IF EXISTS "playbacks_keep_protected" ON "playbacks";
DROP FUNCTION IF EXISTS "flashback_keep_protected"();
DROP INDEX IF EXISTS "playbacks_protected_idx";
ALTER TABLE "playbacks" DROP COLUMN IF EXISTS "protection_reason";
ALTER TABLE "playbacks" DROP COLUMN IF EXISTS "protected_by";
ALTER TABLE "playbacks" DROP COLUMN IF EXISTS "protected_at";

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261129000000_protection';
  END IF;
END $$;
