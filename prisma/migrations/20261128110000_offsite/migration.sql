-- A recording that was completed from the bucket because its server was lost.
ALTER TYPE "end_reason" ADD VALUE IF NOT EXISTS 'NODE_LOST';
-- Up to when the footage is in the bucket, while it is recorded.
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "offsite_until" TIMESTAMPTZ(3);
