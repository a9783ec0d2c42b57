-- The retention of each camera: [{"eventType": null or a type, "days": null or a number, "maxBytes": null or a number}].
-- The table is not written anew. The step may run on a database that already has it. down.sql takes it back.

ALTER TABLE "cameras" ADD COLUMN IF NOT EXISTS "retention" JSONB NOT NULL DEFAULT '[]';
