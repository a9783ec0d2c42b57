-- Sites: which nodes can reach a camera. And why a node takes no recording.
-- Every step may run on a database that already has some of it. down.sql takes it all back.

-- Where the node is; an older version says nothing, and is where all are.
ALTER TABLE "nodes" ADD COLUMN IF NOT EXISTS "site" VARCHAR(100) NOT NULL DEFAULT 'default';
-- Why it takes no recording now, as part of a sentence; null: it takes some.
ALTER TABLE "nodes" ADD COLUMN IF NOT EXISTS "problem" VARCHAR(500);
-- The site whose nodes may read the camera; null: any.
ALTER TABLE "cameras" ADD COLUMN IF NOT EXISTS "site" VARCHAR(100);

-- What a camera's feed does is written by the node that feeds it. While no node does, the one that plans says why.
CREATE OR REPLACE FUNCTION "flashback_demand_camera_owner"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF "flashback_node"() IS NULL OR OLD."node_id" IS NULL
    OR (OLD."node_id", OLD."owner_epoch") IS NOT DISTINCT FROM ("flashback_node"(), "flashback_epoch"()) THEN
    RETURN NEW;
  END IF;
  RETURN NULL;
END $$;
