-- Takes back all that migration.sql beside this file adds. Versions before it cannot read sealed addresses.

DO $$ BEGIN
  IF EXISTS (SELECT FROM "cameras" WHERE "rtsp_url" LIKE 'sealed:%') THEN
    RAISE EXCEPTION 'Addresses of cameras are sealed. End the server, run: npm run secret -- open, then this again.';
  END IF;
  -- The next start of a version that knows the migration applies it again.
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261128000002_sealed_addresses';
  END IF;
END $$;

ALTER TABLE "cameras" ALTER COLUMN "rtsp_url" TYPE VARCHAR(2000);
