-- Objects that the store refuses to remove: each is tried again after a pause of its own.

ALTER TABLE "store_removals"
  ADD COLUMN IF NOT EXISTS "tries" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN IF NOT EXISTS "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

CREATE INDEX IF NOT EXISTS "store_removals_due_at_idx" ON "store_removals"("due_at");
