-- How far back subscribers can resume once old transitions were removed. One row.
-- Every step may run on a database that already has some of it. down.sql takes it all back.

CREATE TABLE IF NOT EXISTS "transition_marks" (
  "id" INTEGER NOT NULL DEFAULT 1,
  "removed_xid" BIGINT NOT NULL,
  "removed_id" BIGINT NOT NULL,
  CONSTRAINT "transition_marks_pkey" PRIMARY KEY ("id")
);
CREATE INDEX IF NOT EXISTS "playback_transitions_at_idx" ON "playback_transitions"("at");
