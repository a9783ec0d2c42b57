-- The kind of a camera's last error, beside its sentence. Every step may run on a database that already has it. down.sql
-- takes it all back.

ALTER TABLE "cameras" ADD COLUMN IF NOT EXISTS "last_error_code" VARCHAR(40);
