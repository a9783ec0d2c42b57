-- Who may call the API, and who reported an event.
-- Every step may run on a database that already has some of it. down.sql takes it all back.

DO $$ BEGIN
  CREATE TYPE "access_role" AS ENUM ('VIEWER', 'ANALYTICS', 'OPERATOR', 'ADMIN');
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;

CREATE TABLE IF NOT EXISTS "api_keys" (
  "id" UUID NOT NULL,
  "name" VARCHAR(100) NOT NULL,
  "role" "access_role" NOT NULL,
  "secret_hash" CHAR(64) NOT NULL,
  "limited" BOOLEAN NOT NULL DEFAULT false,
  "camera_ids" UUID[] DEFAULT ARRAY[]::UUID[],
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "expires_at" TIMESTAMPTZ(3),
  "revoked_at" TIMESTAMPTZ(3),
  "last_used_at" TIMESTAMPTZ(3),
  CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX IF NOT EXISTS "api_keys_secret_hash_key" ON "api_keys"("secret_hash");

ALTER TABLE "events" ADD COLUMN IF NOT EXISTS "created_by_key" VARCHAR(200);
CREATE INDEX IF NOT EXISTS "events_created_by_key_started_at_id_idx" ON "events"("created_by_key", "started_at" DESC, "id" DESC);

-- Every process hears at once of keys that were made or revoked. The time of last use is not worth a message.
CREATE OR REPLACE FUNCTION "flashback_notify_keys"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('flashback_keys', '');
  RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER "api_keys_notify"
  AFTER INSERT OR DELETE OR UPDATE OF "role", "limited", "camera_ids", "expires_at", "revoked_at" ON "api_keys"
  FOR EACH STATEMENT EXECUTE FUNCTION "flashback_notify_keys"();
