-- Pages of a camera's playbacks in a rare status, and of the few open events among millions that have ended.
-- Every step may run on a database that already has some of it. down.sql takes it all back.

CREATE INDEX IF NOT EXISTS "playbacks_camera_id_recording_status_started_at_id_idx" ON "playbacks"("camera_id", "recording_status", "started_at" DESC, "id" DESC);
CREATE INDEX IF NOT EXISTS "events_open_idx" ON "events"("started_at" DESC, "id" DESC) WHERE "ended_at" IS NULL;
