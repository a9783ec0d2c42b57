-- Takes back all that migration.sql beside this file changes.

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

ALTER TABLE "cameras" DROP COLUMN IF EXISTS "next_since", DROP COLUMN IF EXISTS "next_node_id";

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261129040000_next_owners';
  END IF;
END $$;
