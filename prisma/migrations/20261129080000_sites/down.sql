-- Takes back all that migration.sql beside this file changes.

CREATE OR REPLACE FUNCTION "flashback_demand_camera_owner"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF "flashback_node"() IS NULL
    OR (OLD."node_id", OLD."owner_epoch") IS NOT DISTINCT FROM ("flashback_node"(), "flashback_epoch"()) THEN
    RETURN NEW;
  END IF;
  RETURN NULL;
END $$;
ALTER TABLE "cameras" DROP COLUMN IF EXISTS "site";
ALTER TABLE IF EXISTS "nodes" DROP COLUMN IF EXISTS "problem", DROP COLUMN IF EXISTS "site";

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261129080000_sites';
  END IF;
END $$;
