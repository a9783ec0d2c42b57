-- Takes back all that migration.sql beside this file adds. The storyboards in the store are then objects of no playback.

ALTER TABLE "playbacks" DROP COLUMN IF EXISTS "storyboard_vtt_bytes";
ALTER TABLE "playbacks" DROP COLUMN IF EXISTS "storyboard_bytes";

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261129110000_storyboards';
  END IF;
END $$;
