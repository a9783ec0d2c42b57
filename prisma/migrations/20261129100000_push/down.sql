-- Takes back all that migration.sql beside this file adds. Nobody gets push messages then.

DROP TRIGGER IF EXISTS "playbacks_queue_push" ON "playbacks";
DROP FUNCTION IF EXISTS "flashback_queue_push"();
DROP FUNCTION IF EXISTS "flashback_push_subscriptions"(UUID, "event_type");
ALTER TABLE IF EXISTS "installation" DROP COLUMN IF EXISTS "push_key";
DROP TABLE IF EXISTS "push_subscriptions";

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261129100000_push';
  END IF;
END $$;
