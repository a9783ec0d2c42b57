-- Takes back all that migration.sql beside this file adds.

ALTER TABLE "cameras"
  DROP COLUMN IF EXISTS "transport",
  DROP COLUMN IF EXISTS "reader",
  DROP COLUMN IF EXISTS "tls",
  DROP COLUMN IF EXISTS "allow_old_tls",
  DROP COLUMN IF EXISTS "tls_fingerprint",
  DROP COLUMN IF EXISTS "reading";
DROP TYPE IF EXISTS "camera_transport";
DROP TYPE IF EXISTS "camera_reader";
DROP TYPE IF EXISTS "camera_tls";

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261128000004_camera_reading';
  END IF;
END $$;
