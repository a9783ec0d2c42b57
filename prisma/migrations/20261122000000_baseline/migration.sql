-- Cameras, events and playbacks as a recorder has them that is not triggered by events.
-- Every step may run on a database that already has some of it.

DO $$ BEGIN
  CREATE TYPE "event_type" AS ENUM ('MOTION', 'PERSON', 'VEHICLE', 'ANIMAL', 'INTRUSION', 'LINE_CROSSING', 'SOUND', 'TAMPER', 'OTHER');
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;

CREATE TABLE IF NOT EXISTS "cameras" (
  "id" UUID NOT NULL,
  "name" VARCHAR(200) NOT NULL,
  "channel" INTEGER NOT NULL DEFAULT 1,
  "rtsp_url" VARCHAR(2000) NOT NULL,
  "enabled" BOOLEAN NOT NULL DEFAULT true,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "cameras_pkey" PRIMARY KEY ("id")
);

CREATE TABLE IF NOT EXISTS "events" (
  "id" UUID NOT NULL,
  "camera_id" UUID NOT NULL,
  "channel" INTEGER NOT NULL DEFAULT 1,
  "type" "event_type" NOT NULL,
  "label" VARCHAR(200),
  "description" VARCHAR(2000),
  "metadata" JSONB,
  "started_at" TIMESTAMPTZ(3) NOT NULL,
  "ended_at" TIMESTAMPTZ(3),
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT "events_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "events_camera_id_fkey" FOREIGN KEY ("camera_id") REFERENCES "cameras"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE TABLE IF NOT EXISTS "playbacks" (
  "id" UUID NOT NULL,
  "camera_id" UUID NOT NULL,
  CONSTRAINT "playbacks_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "playbacks_camera_id_fkey" FOREIGN KEY ("camera_id") REFERENCES "cameras"("id") ON DELETE CASCADE ON UPDATE CASCADE
);

CREATE INDEX IF NOT EXISTS "events_camera_id_started_at_id_idx" ON "events"("camera_id", "started_at" DESC, "id" DESC);
CREATE INDEX IF NOT EXISTS "events_started_at_id_idx" ON "events"("started_at" DESC, "id" DESC);
