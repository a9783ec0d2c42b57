-- Takes back all that migration.sql beside this file adds. Versions before it cannot read sealed addresses.

DO $$ BEGIN
  IF EXISTS (SELECT FROM "cameras" WHERE "rtsp_url" LIKE 'sealed:%') THEN
    RAISE EXCEPTION 'Addresses of cameras are sealed. End the server, run: npm run secret -- open, then this again.';
  END IF;
END $$;

ALTER TABLE "cameras" ALTER COLUMN "rtsp_url" TYPE VARCHAR(2000);
