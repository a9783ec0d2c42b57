-- Takes back all that migration.sql beside this file adds.

DROP TABLE IF EXISTS "transition_marks";
DROP INDEX IF EXISTS "playback_transitions_at_idx";
