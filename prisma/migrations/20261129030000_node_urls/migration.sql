-- Servers of one database find each other, and know each other by a secret.
-- Every step may run on a database that already has some of it. down.sql takes it all back.

-- Where other nodes reach it; null: it works alone.
ALTER TABLE "nodes" ADD COLUMN IF NOT EXISTS "url" VARCHAR(500);
-- Signs links, and calls between nodes. Sealed with SECRET_KEY.
ALTER TABLE "installation" ADD COLUMN IF NOT EXISTS "link_secret" VARCHAR(500);

-- The feed of a deleted camera ends, on whichever node it is.
CREATE OR REPLACE FUNCTION "flashback_notify_feed_gone"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('flashback_feeds', coalesce(OLD."node_id", ''));
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "cameras_notify_feed_gone" AFTER DELETE ON "cameras"
  FOR EACH ROW EXECUTE FUNCTION "flashback_notify_feed_gone"();
