-- NOTIFY leaves the statements that write. PostgreSQL lets one committing transaction with a NOTIFY pass at a time, and
-- wakes every listener for each. The sessions of a server are told by a notice what they write (db/writes.ts); its
-- notifier passes that on to other nodes, many commits at a time. Sessions that are not told (commands, tools, servers of
-- older releases) notify as before.
-- Every step may run on a database that already has some of it. down.sql takes it all back.

CREATE OR REPLACE FUNCTION "flashback_is_told"() RETURNS BOOLEAN LANGUAGE sql STABLE AS
  $$ SELECT coalesce(current_setting('flashback.told', true) = 'yes', false) $$;

CREATE OR REPLACE FUNCTION "flashback_notify_transition"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF "flashback_is_told"() THEN
    RAISE NOTICE 'flashback_transitions';
  ELSE
    PERFORM pg_notify('flashback_transitions', '');
  END IF;
  RETURN NULL;
END $$;

-- graphile-worker's add_job wakes the workers of all nodes, by calling pg_notify without its schema. Where this schema is
-- first in the search path, it calls this function instead. (Should a later release name the schema, all are woken again.)
CREATE SCHEMA IF NOT EXISTS "flashback_quiet";
CREATE OR REPLACE FUNCTION "flashback_quiet"."pg_notify"("channel" TEXT, "payload" TEXT) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
END $$;
CREATE OR REPLACE FUNCTION "flashback_add_job_quietly"("task" TEXT, "playback_id" UUID, "payload" JSON, "run_at" TIMESTAMPTZ, "priority" INT)
  RETURNS void LANGUAGE plpgsql SET search_path = "flashback_quiet", "pg_catalog", "pg_temp" AS $$
BEGIN
  PERFORM graphile_worker.add_job("task", "payload", job_key := "playback_id"::text, run_at := "run_at",
    priority := "priority", max_attempts := 32767);
END $$;

-- A job wakes the node that works on it: mostly that is the one whose session writes it.
CREATE OR REPLACE FUNCTION "flashback_add_finishing_job"("playback_id" UUID, "turn" BIGINT) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  "node" VARCHAR := (SELECT "node_id" FROM "playbacks" WHERE "id" = "playback_id");
  "task" TEXT := 'finish' || coalesce(':' || "node", '');
  "payload" JSON := json_build_object('playbackId', "playback_id");
  "priority" INT := least("turn", 32767);
BEGIN
  IF "flashback_is_told"() AND "node" = "flashback_node"() THEN
    PERFORM "flashback_add_job_quietly"("task", "playback_id", "payload", NULL, "priority");
    RAISE NOTICE 'flashback_jobs';
  ELSE
    PERFORM graphile_worker.add_job("task", "payload", job_key := "playback_id"::text, priority := "priority",
      max_attempts := 32767);
  END IF;
END $$;
