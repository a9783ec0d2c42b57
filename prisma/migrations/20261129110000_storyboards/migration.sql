-- The sizes of a playback's storyboard in the store. The table is not written anew.
-- Every step may run on a database that already has it. down.sql takes it all back.

ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "storyboard_bytes" INTEGER;
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "storyboard_vtt_bytes" INTEGER;
