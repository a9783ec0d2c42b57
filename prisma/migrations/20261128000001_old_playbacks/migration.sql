-- Playbacks that were in the table before 20261122000001 got the default status PENDING, which asks for a recording.
-- Nobody asked for it: what Flashback asks for always has a deadline. They become FAILED, which is final.
-- Those that an earlier version has begun to record get a deadline that is over, so that the server ends and keeps them.
-- Every step may run on a database that already has some of it. down.sql takes back nothing.

UPDATE "playbacks" SET
  "recording_status" = 'FAILED',
  "failure_code" = 'NOT_RECORDED',
  "error_message" = 'The database did not say what became of this playback when it was brought up to date; it is not recorded again.',
  "updated_at" = CURRENT_TIMESTAMP
WHERE "recording_status" = 'PENDING' AND "deadline_at" IS NULL;

UPDATE "playbacks" SET "deadline_at" = CURRENT_TIMESTAMP
WHERE "recording_status" = 'RECORDING' AND "deadline_at" IS NULL;
