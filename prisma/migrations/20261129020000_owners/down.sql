-- Takes back all that migration.sql beside this file changes.

DROP TRIGGER IF EXISTS "cameras_notify_feeds" ON "cameras";
DROP FUNCTION IF EXISTS "flashback_notify_feeds"();

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

CREATE OR REPLACE FUNCTION "flashback_add_finishing_job"("playback_id" UUID, "turn" BIGINT) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM graphile_worker.add_job('finish', json_build_object('playbackId', "playback_id"),
    job_key := "playback_id"::text, priority := least("turn", 32767)::int, max_attempts := 32767);
END $$;

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261129020000_owners';
  END IF;
END $$;
