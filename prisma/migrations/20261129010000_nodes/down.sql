-- Takes back all that migration.sql beside this file adds.

DROP TRIGGER IF EXISTS "cameras_demand_owner" ON "cameras";
DROP TRIGGER IF EXISTS "playbacks_demand_owner" ON "playbacks";
DROP TRIGGER IF EXISTS "cameras_demand_incarnation" ON "cameras";
DROP TRIGGER IF EXISTS "events_demand_incarnation" ON "events";
DROP TRIGGER IF EXISTS "playbacks_demand_incarnation" ON "playbacks";
DROP FUNCTION IF EXISTS "flashback_demand_camera_owner"();
DROP FUNCTION IF EXISTS "flashback_demand_playback_owner"();
DROP FUNCTION IF EXISTS "flashback_demand_incarnation"();
ALTER TABLE "playbacks" DROP COLUMN IF EXISTS "node_id", DROP COLUMN IF EXISTS "owner_epoch";
ALTER TABLE "cameras" DROP COLUMN IF EXISTS "node_id", DROP COLUMN IF EXISTS "owner_epoch";
DROP FUNCTION IF EXISTS "flashback_epoch"();
DROP FUNCTION IF EXISTS "flashback_node"();
DROP TABLE IF EXISTS "nodes";
DROP SEQUENCE IF EXISTS "node_incarnations";

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261129010000_nodes';
  END IF;
END $$;
