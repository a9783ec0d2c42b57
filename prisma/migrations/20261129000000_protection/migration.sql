-- Protected playbacks, which nothing deletes. The table is not written anew.
-- Every step may run on a database that already has it. down.sql takes it all back.

ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "protected_at" TIMESTAMPTZ(3);
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "protected_by" VARCHAR(200);
ALTER TABLE "playbacks" ADD COLUMN IF NOT EXISTS "protection_reason" VARCHAR(500);

-- The few protected ones among millions.
CREATE INDEX IF NOT EXISTS "playbacks_protected_idx" ON "playbacks"("started_at" DESC, "id" DESC) WHERE "protected_at" IS NOT NULL;

-- Whatever deletes playbacks, with their camera or alone, cannot delete a protected one.
CREATE OR REPLACE FUNCTION "flashback_keep_protected"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'The playback % is protected and cannot be deleted.', OLD."id" USING ERRCODE = 'restrict_violation';
END $$;
CREATE OR REPLACE TRIGGER "playbacks_keep_protected" BEFORE DELETE ON "playbacks"
  FOR EACH ROW WHEN (OLD."protected_at" IS NOT NULL) EXECUTE FUNCTION "flashback_keep_protected"();
