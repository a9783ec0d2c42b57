-- Takes back all that migration.sql beside this file adds.

DROP TRIGGER IF EXISTS "cameras_notify_feed_gone" ON "cameras";
DROP FUNCTION IF EXISTS "flashback_notify_feed_gone"();
ALTER TABLE IF EXISTS "installation" DROP COLUMN IF EXISTS "link_secret";
ALTER TABLE IF EXISTS "nodes" DROP COLUMN IF EXISTS "url";

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261129030000_node_urls';
  END IF;
END $$;
