-- Servers of this database (nodes), and whose rows are whose.
-- Every step may run on a database that already has some of it. down.sql takes it all back.

-- Each start of a node has a number of its own, its incarnation; a later start of any node has a higher one.
CREATE SEQUENCE IF NOT EXISTS "node_incarnations";
CREATE TABLE IF NOT EXISTS "nodes" (
  "id" VARCHAR(100) NOT NULL,
  "incarnation" BIGINT NOT NULL,
  "version" VARCHAR(50) NOT NULL,
  "capacity" INTEGER NOT NULL,
  "started_at" TIMESTAMPTZ(3) NOT NULL,
  "heartbeat_at" TIMESTAMPTZ(3) NOT NULL,
  "lease_until" TIMESTAMPTZ(3) NOT NULL,
  "ended_at" TIMESTAMPTZ(3),
  CONSTRAINT "nodes_pkey" PRIMARY KEY ("id")
);
-- Makes the incarnation part of a key: its change waits for those that hold the row FOR KEY SHARE, a heartbeat does not.
CREATE UNIQUE INDEX IF NOT EXISTS "nodes_id_incarnation_key" ON "nodes"("id", "incarnation");

-- Which node owns a row, and since which of its starts. null: none does.
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "node_id" VARCHAR(100);
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "owner_epoch" BIGINT;
ALTER TABLE "cameras" ADD COLUMN IF NOT EXISTS "node_id" VARCHAR(100);
ALTER TABLE "cameras" ADD COLUMN IF NOT EXISTS "owner_epoch" BIGINT;

-- A server names itself in each of its sessions (db/session.ts). Commands and tools do not, and own nothing.
CREATE OR REPLACE FUNCTION "flashback_node"() RETURNS VARCHAR LANGUAGE sql STABLE AS
  $$ SELECT nullif(current_setting('flashback.node', true), '') $$;
CREATE OR REPLACE FUNCTION "flashback_epoch"() RETURNS BIGINT LANGUAGE sql STABLE AS
  $$ SELECT nullif(current_setting('flashback.incarnation', true), '')::bigint $$;

-- Who makes a row owns it.
ALTER TABLE "playbacks" ALTER COLUMN "node_id" SET DEFAULT "flashback_node"();
ALTER TABLE "playbacks" ALTER COLUMN "owner_epoch" SET DEFAULT "flashback_epoch"();
ALTER TABLE "cameras" ALTER COLUMN "node_id" SET DEFAULT "flashback_node"();
ALTER TABLE "cameras" ALTER COLUMN "owner_epoch" SET DEFAULT "flashback_epoch"();

-- A server that was started again, or whose place another one has taken, writes nothing more. The lock on the node's row
-- lasts until the writing transaction ends, so that the next incarnation begins behind it.
CREATE OR REPLACE FUNCTION "flashback_demand_incarnation"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF "flashback_node"() IS NULL THEN RETURN NULL; END IF;
  PERFORM FROM "nodes" WHERE "id" = "flashback_node"() AND "incarnation" = "flashback_epoch"() FOR KEY SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'Another server has taken the place of the node % (incarnation %).', "flashback_node"(), "flashback_epoch"()
      USING ERRCODE = 'FB001';
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "cameras_demand_incarnation" BEFORE INSERT OR UPDATE OR DELETE ON "cameras"
  FOR EACH STATEMENT EXECUTE FUNCTION "flashback_demand_incarnation"();
CREATE OR REPLACE TRIGGER "events_demand_incarnation" BEFORE INSERT OR UPDATE OR DELETE ON "events"
  FOR EACH STATEMENT EXECUTE FUNCTION "flashback_demand_incarnation"();
CREATE OR REPLACE TRIGGER "playbacks_demand_incarnation" BEFORE INSERT OR UPDATE OR DELETE ON "playbacks"
  FOR EACH STATEMENT EXECUTE FUNCTION "flashback_demand_incarnation"();

-- While a playback is recorded or finished, its owner alone writes what becomes of it: the write of another node changes
-- nothing. Whoever moves a playback that nobody owns, or one that is over, owns it. Ends are everybody's (db/ends.ts).
CREATE OR REPLACE FUNCTION "flashback_demand_playback_owner"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF "flashback_node"() IS NULL THEN RETURN NEW; END IF;
  IF OLD."node_id" IS NOT NULL AND OLD."recording_status" IN ('PENDING', 'RECORDING', 'PROCESSING')
    AND (OLD."node_id", OLD."owner_epoch") IS DISTINCT FROM ("flashback_node"(), "flashback_epoch"()) THEN
    RETURN NULL;
  END IF;
  NEW."node_id" := "flashback_node"();
  NEW."owner_epoch" := "flashback_epoch"();
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER "playbacks_demand_owner" BEFORE UPDATE OF "recording_status", "clip_started_at", "pre_roll_ms",
  "missed_ms", "gaps", "local_path", "stream_url", "storage_path", "video_url", "file_size_bytes", "upload_attempt",
  "upload_id", "upload_part_bytes", "upload_head_bytes", "offsite_until", "failure_code" ON "playbacks"
  FOR EACH ROW EXECUTE FUNCTION "flashback_demand_playback_owner"();

-- What a camera's feed does is written by the node that feeds it, and by nobody else.
CREATE OR REPLACE FUNCTION "flashback_demand_camera_owner"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF "flashback_node"() IS NULL
    OR (OLD."node_id", OLD."owner_epoch") IS NOT DISTINCT FROM ("flashback_node"(), "flashback_epoch"()) THEN
    RETURN NEW;
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "cameras_demand_owner" BEFORE UPDATE OF "state", "state_since", "last_error", "codec",
  "audio_codec", "resolution", "reading" ON "cameras"
  FOR EACH ROW EXECUTE FUNCTION "flashback_demand_camera_owner"();
