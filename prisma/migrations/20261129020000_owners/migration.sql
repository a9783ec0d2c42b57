-- Several servers of one database: which of them feeds a camera, and which finishes a playback.
-- Every step may run on a database that already has some of it. down.sql takes it all back.

-- A job belongs to the node whose disk has the footage: each node works on the jobs of its own task alone. "finish" is for
-- playbacks whose node is unknown.
CREATE OR REPLACE FUNCTION "flashback_add_finishing_job"("playback_id" UUID, "turn" BIGINT) RETURNS void LANGUAGE plpgsql AS $$
DECLARE "node" VARCHAR := (SELECT "node_id" FROM "playbacks" WHERE "id" = "playback_id");
BEGIN
  PERFORM graphile_worker.add_job('finish' || coalesce(':' || "node", ''), json_build_object('playbackId', "playback_id"),
    job_key := "playback_id"::text, priority := least("turn", 32767)::int, max_attempts := 32767);
END $$;

-- Without an epoch nobody owns a playback, and node_id says whose disk has its footage: a command has retried it.
CREATE OR REPLACE FUNCTION "flashback_demand_playback_owner"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF "flashback_node"() IS NULL THEN RETURN NEW; END IF;
  IF OLD."owner_epoch" IS NOT NULL AND OLD."recording_status" IN ('PENDING', 'RECORDING', 'PROCESSING')
    AND (OLD."node_id", OLD."owner_epoch") IS DISTINCT FROM ("flashback_node"(), "flashback_epoch"()) THEN
    RETURN NULL;
  END IF;
  NEW."node_id" := "flashback_node"();
  NEW."owner_epoch" := "flashback_epoch"();
  RETURN NEW;
END $$;

-- Wakes the nodes whose feeds have to follow: the camera's owner, and the one before.
CREATE OR REPLACE FUNCTION "flashback_notify_feeds"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW."node_id", NEW."owner_epoch", NEW."rtsp_url", NEW."enabled", NEW."pre_roll_sec", NEW."transport", NEW."reader", NEW."tls",
    NEW."allow_old_tls", NEW."tls_fingerprint") IS NOT DISTINCT FROM (OLD."node_id", OLD."owner_epoch", OLD."rtsp_url", OLD."enabled",
    OLD."pre_roll_sec", OLD."transport", OLD."reader", OLD."tls", OLD."allow_old_tls", OLD."tls_fingerprint") THEN
    RETURN NULL;
  END IF;
  PERFORM pg_notify('flashback_feeds', coalesce(NEW."node_id", ''));
  IF OLD."node_id" IS DISTINCT FROM NEW."node_id" THEN
    PERFORM pg_notify('flashback_feeds', coalesce(OLD."node_id", ''));
  END IF;
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "cameras_notify_feeds" AFTER UPDATE ON "cameras"
  FOR EACH ROW EXECUTE FUNCTION "flashback_notify_feeds"();
