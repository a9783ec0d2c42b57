-- Takes back all that migration.sql beside this file adds.

DROP TRIGGER IF EXISTS "reviews_end_stretches" ON "reviews";
DROP FUNCTION IF EXISTS "flashback_end_stretches_of_mark"();
DROP TRIGGER IF EXISTS "playbacks_end_review_stretches" ON "playbacks";
DROP FUNCTION IF EXISTS "flashback_end_review_stretches"();
DROP TABLE IF EXISTS "review_stretches";

DO $$ BEGIN
  IF to_regclass('_prisma_migrations') IS NOT NULL THEN
    DELETE FROM _prisma_migrations WHERE migration_name = '20261129110000_review_stretches';
  END IF;
END $$;
