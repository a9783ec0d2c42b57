-- How many events each key may report now (EVENTS_PER_MINUTE), over all servers of this database.
-- Every step may run on a database that already has it. down.sql takes it all back.

-- A row for each name of a caller that has reported an event. It is written with each event: half of each page stays free,
-- so that a new version of a row finds room beside the old one.
CREATE TABLE IF NOT EXISTS "event_rates" (
  "name" VARCHAR(200) NOT NULL,
  "full_at" TIMESTAMPTZ(6) NOT NULL,
  CONSTRAINT "event_rates_pkey" PRIMARY KEY ("name")
) WITH (fillfactor = 50);
