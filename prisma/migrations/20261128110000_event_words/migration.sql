-- The words of an event's label, description and metadata, as PostgreSQL's text search finds them: what `search` looks for.
-- The table is written anew, with no other access meanwhile. Every step may run on a database that already has it.
-- down.sql takes it all back.

ALTER TABLE "events" ADD COLUMN IF NOT EXISTS "words" TEXT[] GENERATED ALWAYS AS (
  tsvector_to_array(
    to_tsvector('simple', coalesce("label", '') || ' ' || coalesce("description", ''))
    || jsonb_to_tsvector('simple', coalesce("metadata", 'null'), '["string", "numeric"]')
  )
) STORED;

CREATE INDEX IF NOT EXISTS "events_words_idx" ON "events" USING gin ("words");
