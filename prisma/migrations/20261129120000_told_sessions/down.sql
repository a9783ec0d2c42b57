-- Takes back all that migration.sql beside this file changes.

CREATE OR REPLACE FUNCTION "flashback_notify_transition"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('flashback_transitions', '');
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION "flashback_add_finishing_job"("playback_id" UUID, "turn" BIGINT) RETURNS void LANGUAGE plpgsql AS $$
DECLARE "node" VARCHAR := (SELECT "node_id" FROM "playbacks" WHERE "id" = "playback_id");
BEGIN
  PERFORM graphile_worker.add_job('finish' || coalesce(':' || "node", ''), json_build_object('playbackId', "playback_id"),
    job_key := "playback_id"::text, priority := least("turn", 32767)::int, max_attempts := 32767);
END $$;

DROP FUNCTION IF EXISTS "flashback_add_job_quietly"(TEXT, UUID, JSON, TIMESTAMPTZ, INT);
DROP SCHEMA IF EXISTS "flashback_quiet" CASCADE;
DROP FUNCTION IF EXISTS "flashback_is_told"();

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261129120000_told_sessions';
  END IF;
END $$;
