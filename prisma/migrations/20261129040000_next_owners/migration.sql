-- A camera moves to another node only once that has its pre-roll.
-- Every step may run on a database that already has some of it. down.sql takes it all back.

-- The node that is to feed it next, and since when it prepares for that. null: it stays where it is.
ALTER TABLE "cameras" ADD COLUMN IF NOT EXISTS "next_node_id" VARCHAR(100);
ALTER TABLE "cameras" ADD COLUMN IF NOT EXISTS "next_since" TIMESTAMPTZ(3);

-- Wakes the nodes whose feeds have to follow: the camera's owner, the one before, and the next one.
CREATE OR REPLACE FUNCTION "flashback_notify_feeds"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW."node_id", NEW."owner_epoch", NEW."next_node_id", NEW."rtsp_url", NEW."enabled", NEW."pre_roll_sec", NEW."transport", NEW."reader", NEW."tls",
    NEW."allow_old_tls", NEW."tls_fingerprint") IS NOT DISTINCT FROM (OLD."node_id", OLD."owner_epoch", OLD."next_node_id", OLD."rtsp_url", OLD."enabled",
    OLD."pre_roll_sec", OLD."transport", OLD."reader", OLD."tls", OLD."allow_old_tls", OLD."tls_fingerprint") THEN
    RETURN NULL;
  END IF;
  PERFORM pg_notify('flashback_feeds', coalesce(NEW."node_id", ''));
  IF NEW."next_node_id" IS NOT NULL THEN PERFORM pg_notify('flashback_feeds', NEW."next_node_id"); END IF;
  IF OLD."next_node_id" IS NOT NULL THEN PERFORM pg_notify('flashback_feeds', OLD."next_node_id"); END IF;
  IF OLD."node_id" IS DISTINCT FROM NEW."node_id" THEN
    PERFORM pg_notify('flashback_feeds', coalesce(OLD."node_id", ''));
  END IF;
  RETURN NULL;
END $$;
