-- A clip goes into the bucket while it is recorded: what an upload needs is in the row before it is begun.
-- Every step may run on a database that already has some of it. down.sql takes it all back.

ALTER TABLE "playbacks"
  ADD COLUMN IF NOT EXISTS "upload_attempt" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN IF NOT EXISTS "upload_id" VARCHAR(2000),
  ADD COLUMN IF NOT EXISTS "upload_part_bytes" INTEGER,
  ADD COLUMN IF NOT EXISTS "upload_head_bytes" INTEGER;

-- An upload is aborted by its id: listing uploads takes a right that the server need not have.
ALTER TABLE "store_removals" ADD COLUMN IF NOT EXISTS "upload_id" VARCHAR(2000);

-- One row: the id of this installation, which its uploads carry.
CREATE TABLE IF NOT EXISTS "installation" (
  "id" UUID NOT NULL DEFAULT gen_random_uuid(),
  CONSTRAINT "installation_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX IF NOT EXISTS "installation_one_row" ON "installation" ((true));
INSERT INTO "installation" DEFAULT VALUES ON CONFLICT DO NOTHING;
