-- Which playbacks each person has reviewed.
-- Every step may run on a database that already has it. down.sql takes it all back.

CREATE TABLE IF NOT EXISTS "reviews" (
  "playback_id" UUID NOT NULL,
  "person" VARCHAR(200) NOT NULL,
  "at" TIMESTAMPTZ(3) NOT NULL,
  CONSTRAINT "reviews_pkey" PRIMARY KEY ("playback_id", "person"),
  CONSTRAINT "reviews_playback_id_fkey" FOREIGN KEY ("playback_id") REFERENCES "playbacks"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE INDEX IF NOT EXISTS "reviews_person_idx" ON "reviews"("person");
