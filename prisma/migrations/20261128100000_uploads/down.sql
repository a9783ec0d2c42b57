-- Takes back all that migration.sql beside this file adds. Clips of an upload keep their key in storage_path.

ALTER TABLE "playbacks"
  DROP COLUMN IF EXISTS "upload_attempt",
  DROP COLUMN IF EXISTS "upload_id",
  DROP COLUMN IF EXISTS "upload_part_bytes",
  DROP COLUMN IF EXISTS "upload_head_bytes";
ALTER TABLE IF EXISTS "store_removals" DROP COLUMN IF EXISTS "upload_id";
DROP TABLE IF EXISTS "installation";

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261128100000_uploads';
  END IF;
END $$;
