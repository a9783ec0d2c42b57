-- Two versions of Flashback on one database: which one may work with it, and which values all can read.
-- Every step may run on a database that already has some of it. down.sql takes it all back.

-- The oldest version that can work with this database.
ALTER TABLE "installation" ADD COLUMN IF NOT EXISTS "min_version" VARCHAR(50) NOT NULL DEFAULT '0.2.0';

-- "1.12.0-beta" becomes {1,12,0}. Arrays of numbers compare as versions do.
CREATE OR REPLACE FUNCTION "flashback_version"("text" TEXT) RETURNS INTEGER[] LANGUAGE sql IMMUTABLE AS
  $$ SELECT string_to_array(substring("text" FROM '^\d+(?:\.\d+)*'), '.')::integer[] $$;

-- The oldest version among the live nodes; null: none is live.
CREATE OR REPLACE FUNCTION "flashback_oldest_version"() RETURNS INTEGER[] LANGUAGE sql VOLATILE AS
  $$ SELECT min("flashback_version"("version")) FROM "nodes" WHERE "lease_until" > clock_timestamp() $$;

-- For a migration that older versions cannot work with: it calls this first. Refused while an older node is live; from then
-- on older ones are refused.
CREATE OR REPLACE FUNCTION "flashback_demand_version"("least" TEXT) RETURNS void LANGUAGE plpgsql AS $$
DECLARE "older" TEXT := (SELECT string_agg(format('%s (%s)', "id", "version"), ', ' ORDER BY "id") FROM "nodes"
  WHERE "lease_until" > clock_timestamp() AND "flashback_version"("version") < "flashback_version"("least"));
BEGIN
  IF "older" IS NOT NULL THEN
    RAISE EXCEPTION 'it needs version % on all servers, and these run an older one: %', "least", "older" USING ERRCODE = 'FB002';
  END IF;
  UPDATE "installation" SET "min_version" = "least"
    WHERE "flashback_version"("min_version") < "flashback_version"("least");
END $$;

-- Values that versions before "since" cannot read. While such a node is live, "instead" is written.
CREATE TABLE IF NOT EXISTS "enum_values" (
  "enum" VARCHAR(50) NOT NULL,
  "value" VARCHAR(50) NOT NULL,
  "since" VARCHAR(50) NOT NULL,
  "instead" VARCHAR(50) NOT NULL,
  CONSTRAINT "enum_values_pkey" PRIMARY KEY ("enum", "value")
);

CREATE OR REPLACE FUNCTION "flashback_write_readable_end"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE "later" "enum_values";
BEGIN
  SELECT * INTO "later" FROM "enum_values" WHERE "enum" = 'end_reason' AND "value" = NEW."end_reason"::text;
  IF FOUND AND "flashback_oldest_version"() < "flashback_version"("later"."since") THEN
    NEW."end_reason" := "later"."instead"::"end_reason";
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER "playbacks_write_readable_end" BEFORE INSERT OR UPDATE OF "end_reason" ON "playbacks"
  FOR EACH ROW WHEN (NEW."end_reason" IS NOT NULL) EXECUTE FUNCTION "flashback_write_readable_end"();
