-- A node that is about to end says so, and hands over its cameras and what it records.
-- Every step may run on a database that already has some of it. down.sql takes it all back.

ALTER TABLE "nodes" ADD COLUMN IF NOT EXISTS "draining_since" TIMESTAMPTZ(3);
