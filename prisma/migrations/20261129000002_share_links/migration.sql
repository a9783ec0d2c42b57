-- Links with which anybody can see one clip, until they expire or are revoked.
-- Every step may run on a database that already has it. down.sql takes it all back.

CREATE TABLE IF NOT EXISTS "share_links" (
  "id" UUID NOT NULL,
  "playback_id" UUID NOT NULL,
  "token_hash" CHAR(64) NOT NULL,
  "created_by" VARCHAR(200) NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  "revoked_at" TIMESTAMPTZ(3),
  "openings" INTEGER NOT NULL DEFAULT 0,
  "last_opened_at" TIMESTAMPTZ(3),
  CONSTRAINT "share_links_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "share_links_playback_id_fkey" FOREIGN KEY ("playback_id") REFERENCES "playbacks"("id") ON DELETE CASCADE ON UPDATE CASCADE
);
CREATE UNIQUE INDEX IF NOT EXISTS "share_links_token_hash_key" ON "share_links"("token_hash");
CREATE INDEX IF NOT EXISTS "share_links_playback_id_idx" ON "share_links"("playback_id");
