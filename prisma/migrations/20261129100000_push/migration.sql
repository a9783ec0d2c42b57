-- Push messages to browsers: who gets them, and the job that sends those of a new event.
-- Every step may run on a database that already has some of it. down.sql takes it all back.

CREATE TABLE IF NOT EXISTS "push_subscriptions" (
  "id" UUID NOT NULL,
  "endpoint" VARCHAR(1000) NOT NULL,
  "p256dh" VARCHAR(100) NOT NULL,
  "auth" VARCHAR(40) NOT NULL,
  "holder" VARCHAR(100) NOT NULL,
  "person" VARCHAR(200) NOT NULL,
  "role" "access_role" NOT NULL,
  "camera_ids" UUID[] NOT NULL DEFAULT '{}',
  "types" "event_type"[] NOT NULL DEFAULT '{}',
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "failures" INTEGER NOT NULL DEFAULT 0,
  "paused_until" TIMESTAMPTZ(3),
  CONSTRAINT "push_subscriptions_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX IF NOT EXISTS "push_subscriptions_endpoint_key" ON "push_subscriptions"("endpoint");
CREATE INDEX IF NOT EXISTS "push_subscriptions_person_idx" ON "push_subscriptions"("person");

-- The key pair by which push services know this installation. Sealed with SECRET_KEY.
ALTER TABLE "installation" ADD COLUMN IF NOT EXISTS "push_key" VARCHAR(1000);

-- The subscriptions that chose events of this camera and this type. None chosen: all.
CREATE OR REPLACE FUNCTION "flashback_push_subscriptions"("camera" UUID, "type" "event_type")
RETURNS SETOF "push_subscriptions" LANGUAGE sql STABLE AS $$
  SELECT * FROM "push_subscriptions" s
  WHERE (s."camera_ids" = '{}' OR "camera" = ANY(s."camera_ids")) AND (s."types" = '{}' OR "type" = ANY(s."types"))
$$;

-- The first playback of an event that somebody subscribed to has a job, which one server takes. The database adds it in
-- the same transaction.
CREATE OR REPLACE FUNCTION "flashback_queue_push"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Most installations have no subscriptions: then nothing else is read.
  IF NOT EXISTS (SELECT FROM "push_subscriptions") THEN
    RETURN NULL;
  END IF;
  IF EXISTS (
    SELECT FROM "events" e, "flashback_push_subscriptions"(e."camera_id", e."type") WHERE e."id" = NEW."event_id"
  ) AND NOT EXISTS (
    SELECT FROM "playbacks" WHERE "event_id" = NEW."event_id" AND "id" <> NEW."id"
  ) THEN
    PERFORM graphile_worker.add_job('push', json_build_object('playbackId', NEW."id"),
      job_key := 'push:' || NEW."event_id", max_attempts := 5);
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "playbacks_queue_push" AFTER INSERT ON "playbacks"
  FOR EACH ROW WHEN (NEW."event_id" IS NOT NULL) EXECUTE FUNCTION "flashback_queue_push"();
