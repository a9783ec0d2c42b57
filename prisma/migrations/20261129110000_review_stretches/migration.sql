-- Long stretches of time in which a person has reviewed all playbacks: a list of what is still to be reviewed skips them.
-- Every step may run on a database that already has some of it. down.sql takes it all back.

CREATE TABLE IF NOT EXISTS "review_stretches" (
  "person" VARCHAR(200) NOT NULL,
  "scope" VARCHAR(64) NOT NULL,
  "from_at" TIMESTAMPTZ(3) NOT NULL,
  "to_at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "review_stretches_pkey" PRIMARY KEY ("person", "scope", "from_at")
);

-- A playback of earlier that is added later (a restored one, for example) ends the stretches around it. Stretches end ten
-- minutes before they are found, and no transaction lasts that long. Whoever finds stretches holds the lock alone:
-- otherwise, of a stretch and a playback that are written at the same moment, neither would see the other.
CREATE OR REPLACE FUNCTION "flashback_end_review_stretches"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtext('flashback review stretches'));
  DELETE FROM "review_stretches" WHERE "from_at" <= NEW."started_at" AND "to_at" >= NEW."started_at";
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "playbacks_end_review_stretches" AFTER INSERT ON "playbacks"
  FOR EACH ROW WHEN (NEW."started_at" < now() - interval '5 minutes')
  EXECUTE FUNCTION "flashback_end_review_stretches"();
-- So does a mark that is taken back. With its playback, a mark may go.
CREATE OR REPLACE FUNCTION "flashback_end_stretches_of_mark"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtext('flashback review stretches'));
  DELETE FROM "review_stretches" s USING "playbacks" p
  WHERE s."person" = OLD."person" AND p."id" = OLD."playback_id"
    AND s."from_at" <= p."started_at" AND s."to_at" >= p."started_at";
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "reviews_end_stretches" AFTER DELETE ON "reviews"
  FOR EACH ROW EXECUTE FUNCTION "flashback_end_stretches_of_mark"();
