-- Room for sealed addresses of cameras, which are longer than the addresses themselves. The start of the server seals
-- them (src/db/seal.ts); SQL has no key.
-- Every step may run on a database that already has some of it. down.sql takes it all back.

ALTER TABLE "cameras" ALTER COLUMN "rtsp_url" TYPE TEXT;
