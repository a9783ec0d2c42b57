-- Recordings that events trigger: what a camera records, what a playback went through.
-- Every step may run on a database that already has some of it. down.sql takes it all back.

DO $$ BEGIN
  CREATE TYPE "recording_status" AS ENUM ('PENDING', 'RECORDING', 'PROCESSING', 'COMPLETED', 'FAILED');
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;

DO $$ BEGIN
  CREATE TYPE "camera_state" AS ENUM ('DISABLED', 'IDLE', 'CONNECTING', 'LIVE', 'OFFLINE');
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;

DO $$ BEGIN
  CREATE TYPE "end_reason" AS ENUM ('ENDED', 'STOPPED', 'LEASE_EXPIRED', 'MAX_DURATION', 'CAMERA_LOST', 'SHUTDOWN');
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;

-- What a camera records, and what its feed does now.
ALTER TABLE "cameras" ADD COLUMN IF NOT EXISTS "record_on" "event_type"[] DEFAULT ARRAY['MOTION']::"event_type"[];
ALTER TABLE "cameras" ADD COLUMN IF NOT EXISTS "pre_roll_sec" INTEGER NOT NULL DEFAULT 5;
ALTER TABLE "cameras" ADD COLUMN IF NOT EXISTS "post_roll_sec" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "cameras" ADD COLUMN IF NOT EXISTS "max_duration_sec" INTEGER NOT NULL DEFAULT 3600;
ALTER TABLE "cameras" ADD COLUMN IF NOT EXISTS "state" "camera_state" NOT NULL DEFAULT 'IDLE';
ALTER TABLE "cameras" ADD COLUMN IF NOT EXISTS "state_since" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE "cameras" ADD COLUMN IF NOT EXISTS "last_error" VARCHAR(500);
ALTER TABLE "cameras" ADD COLUMN IF NOT EXISTS "codec" VARCHAR(40);
ALTER TABLE "cameras" ADD COLUMN IF NOT EXISTS "audio_codec" VARCHAR(40);
ALTER TABLE "cameras" ADD COLUMN IF NOT EXISTS "resolution" VARCHAR(20);

-- An event may be leased, and may be asked for twice with one key.
ALTER TABLE "events" ADD COLUMN IF NOT EXISTS "lease_expires_at" TIMESTAMPTZ(3);
ALTER TABLE "events" ADD COLUMN IF NOT EXISTS "idempotency_key" VARCHAR(200);
CREATE UNIQUE INDEX IF NOT EXISTS "events_camera_id_idempotency_key_key" ON "events"("camera_id", "idempotency_key");
-- The few events that a lease can end, among millions that have ended.
CREATE INDEX IF NOT EXISTS "events_open_lease_idx" ON "events"("lease_expires_at") WHERE "ended_at" IS NULL AND "lease_expires_at" IS NOT NULL;

-- A playback: its event, its status, its bounds, its clip.
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "event_id" UUID;
DO $$ BEGIN
  ALTER TABLE "playbacks" ADD CONSTRAINT "playbacks_event_id_fkey"
    FOREIGN KEY ("event_id") REFERENCES "events"("id") ON DELETE SET NULL ON UPDATE CASCADE;
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "recording_status" "recording_status" NOT NULL DEFAULT 'PENDING';
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "video_url" VARCHAR(500);
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "local_path" VARCHAR(500);
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "storage_path" VARCHAR(500);
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "stream_url" VARCHAR(2000);
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "file_size_bytes" BIGINT;
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "duration_sec" INTEGER;
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "codec" VARCHAR(20);
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "resolution" VARCHAR(20);
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "ended_at" TIMESTAMPTZ(3);
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "error_message" VARCHAR(500);
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "end_reason" "end_reason";
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "pre_roll_sec" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "deadline_at" TIMESTAMPTZ(3);
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "record_until" TIMESTAMPTZ(3);
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "clip_started_at" TIMESTAMPTZ(3);
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "pre_roll_ms" INTEGER;
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "missed_ms" INTEGER;
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "gaps" JSONB NOT NULL DEFAULT '[]';
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "duration_ms" INTEGER;
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "audio_codec" VARCHAR(20);
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "thumbnail_path" VARCHAR(500);
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "thumbnail_size_bytes" INTEGER;
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "failure_code" VARCHAR(40);

CREATE INDEX IF NOT EXISTS "playbacks_event_id_idx" ON "playbacks"("event_id");
CREATE INDEX IF NOT EXISTS "playbacks_recording_status_started_at_id_idx" ON "playbacks"("recording_status", "started_at" DESC, "id" DESC);
CREATE INDEX IF NOT EXISTS "playbacks_camera_id_started_at_id_idx" ON "playbacks"("camera_id", "started_at" DESC, "id" DESC);
CREATE INDEX IF NOT EXISTS "playbacks_started_at_id_idx" ON "playbacks"("started_at" DESC, "id" DESC);

-- COMPLETED without an object must be impossible to write.
DO $$ BEGIN
  ALTER TABLE "playbacks" ADD CONSTRAINT "playbacks_completed_has_object"
    CHECK ("recording_status" <> 'COMPLETED' OR ("storage_path" IS NOT NULL AND "file_size_bytes" > 0));
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;

-- Every change of a status, in an order that subscribers can resume from.
CREATE TABLE IF NOT EXISTS "playback_transitions" (
  "id" BIGSERIAL NOT NULL,
  "playback_id" UUID NOT NULL,
  "from_status" "recording_status",
  "to_status" "recording_status" NOT NULL,
  "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "xid" BIGINT NOT NULL DEFAULT ((pg_current_xact_id())::text)::bigint,
  CONSTRAINT "playback_transitions_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "playback_transitions_playback_id_fkey" FOREIGN KEY ("playback_id") REFERENCES "playbacks"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX IF NOT EXISTS "playback_transitions_xid_id_idx" ON "playback_transitions"("xid", "id");
CREATE INDEX IF NOT EXISTS "playback_transitions_playback_id_id_idx" ON "playback_transitions"("playback_id", "id");

-- A status never changes without its transition: the database itself writes it, in the same transaction.
CREATE OR REPLACE FUNCTION "flashback_write_transition"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO "playback_transitions" ("playback_id", "from_status", "to_status", "at")
    VALUES (NEW."id", NULL, NEW."recording_status", NEW."created_at");
  ELSIF NEW."recording_status" IS DISTINCT FROM OLD."recording_status" THEN
    INSERT INTO "playback_transitions" ("playback_id", "from_status", "to_status", "at")
    VALUES (NEW."id", OLD."recording_status", NEW."recording_status", NEW."updated_at");
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "playbacks_write_transition" AFTER INSERT OR UPDATE OF "recording_status" ON "playbacks"
  FOR EACH ROW EXECUTE FUNCTION "flashback_write_transition"();

-- Objects whose playback was deleted: written in the transaction that deletes the row, gone when the store has
-- removed them. A store that is away fails no call and leaves no orphan.
CREATE TABLE IF NOT EXISTS "store_removals" (
  "key" VARCHAR(500) NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "store_removals_pkey" PRIMARY KEY ("key")
);

-- NOTIFY is a hint, sent at commit; the tables are the truth.
CREATE OR REPLACE FUNCTION "flashback_notify_transition"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('flashback_transitions', '');
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "playback_transitions_notify" AFTER INSERT ON "playback_transitions"
  FOR EACH STATEMENT EXECUTE FUNCTION "flashback_notify_transition"();

CREATE OR REPLACE FUNCTION "flashback_notify_camera"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('flashback_cameras', NEW."id"::text);
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "cameras_notify" AFTER INSERT OR UPDATE OF "state", "state_since" ON "cameras"
  FOR EACH ROW EXECUTE FUNCTION "flashback_notify_camera"();
