-- Takes back all that migration.sql beside this file adds. A clip that was recovered counts as one that its server ended.

ALTER TABLE "playbacks" DROP COLUMN IF EXISTS "offsite_until";

DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM pg_enum WHERE enumtypid = to_regtype('"end_reason"') AND enumlabel = 'NODE_LOST') THEN
    UPDATE "playbacks" SET "end_reason" = 'SHUTDOWN' WHERE "end_reason" = 'NODE_LOST';
    ALTER TYPE "end_reason" RENAME TO "end_reason_with_node_lost";
    CREATE TYPE "end_reason" AS ENUM ('ENDED', 'STOPPED', 'LEASE_EXPIRED', 'MAX_DURATION', 'CAMERA_LOST', 'SHUTDOWN');
    ALTER TABLE "playbacks" ALTER COLUMN "end_reason" TYPE "end_reason" USING "end_reason"::text::"end_reason";
    DROP TYPE "end_reason_with_node_lost";
  END IF;
END $$;

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261128110000_offsite';
  END IF;
END $$;
