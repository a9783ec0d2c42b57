-- A playback that becomes PROCESSING has a job that finishes it: the database itself adds it, in the same transaction.
-- The jobs' own tables are graphile-worker's, which makes and migrates them at the server's start.
-- Every step may run on a database that already has some of it. down.sql takes it all back.

-- The turn is the job's priority: first every camera's first clip, then every camera's second, and so on.
CREATE OR REPLACE FUNCTION "flashback_add_finishing_job"("playback_id" UUID, "turn" BIGINT) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM graphile_worker.add_job('finish', json_build_object('playbackId', "playback_id"),
    job_key := "playback_id"::text, priority := least("turn", 32767)::int, max_attempts := 32767);
END $$;

CREATE OR REPLACE FUNCTION "flashback_queue_finishing"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM "flashback_add_finishing_job"(NEW."id", (
    SELECT count(*) FROM "playbacks" WHERE "camera_id" = NEW."camera_id" AND "recording_status" = 'PROCESSING'
  ));
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "playbacks_queue_finishing" AFTER UPDATE OF "recording_status" ON "playbacks"
  FOR EACH ROW WHEN (NEW."recording_status" = 'PROCESSING' AND OLD."recording_status" <> 'PROCESSING')
  EXECUTE FUNCTION "flashback_queue_finishing"();
