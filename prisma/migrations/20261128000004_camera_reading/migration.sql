-- How a camera is read: over which transport, by which reader, with which certificate; and how it is read now.
-- Every step may run on a database that already has some of it. down.sql takes it all back.

DO $$ BEGIN
  CREATE TYPE "camera_transport" AS ENUM ('AUTO', 'TCP', 'UDP');
EXCEPTION WHEN duplicate_object THEN NULL; END $$;
DO $$ BEGIN
  CREATE TYPE "camera_reader" AS ENUM ('AUTO', 'FFMPEG');
EXCEPTION WHEN duplicate_object THEN NULL; END $$;
DO $$ BEGIN
  CREATE TYPE "camera_tls" AS ENUM ('PINNED', 'VERIFY', 'ANY');
EXCEPTION WHEN duplicate_object THEN NULL; END $$;

ALTER TABLE "cameras"
  ADD COLUMN IF NOT EXISTS "transport" "camera_transport" NOT NULL DEFAULT 'AUTO',
  ADD COLUMN IF NOT EXISTS "reader" "camera_reader" NOT NULL DEFAULT 'AUTO',
  ADD COLUMN IF NOT EXISTS "tls" "camera_tls" NOT NULL DEFAULT 'PINNED',
  ADD COLUMN IF NOT EXISTS "allow_old_tls" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN IF NOT EXISTS "tls_fingerprint" VARCHAR(100),
  ADD COLUMN IF NOT EXISTS "reading" JSONB;
