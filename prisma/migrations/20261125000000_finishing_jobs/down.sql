-- Takes back all that migration.sql beside this file adds. The schema graphile_worker stays: it is not ours.

DROP TRIGGER IF EXISTS "playbacks_queue_finishing" ON "playbacks";
DROP FUNCTION IF EXISTS "flashback_queue_finishing"();
DROP FUNCTION IF EXISTS "flashback_add_finishing_job"(UUID, BIGINT);
