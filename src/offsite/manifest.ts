import { z } from 'zod';

/**
 * The manifest of a recording that is under way: what `npm run recover` needs beside the index and the payload, to make the
 * clip and its rows from the bucket alone. It is written only as it was read (ETag), so that of the server and `recover`
 * one learns that the other has taken the recording over.
 */
const schema = z.object({
  format: z.literal(1),
  installation: z.string(),
  /** Moments are RFC 3339 texts. */
  playback: z.object({
    id: z.string(),
    startedAt: z.string(),
    clipStartedAt: z.string().nullable(),
    preRollSec: z.number(),
    gaps: z.array(z.object({ from: z.string(), to: z.string() })),
    uploadAttempt: z.number(),
  }),
  /** Names, labels and descriptions are null where everybody may read the bucket. */
  camera: z.object({ id: z.string(), name: z.string().nullable() }),
  /** null: a recording by hand */
  event: z
    .object({
      id: z.string(),
      type: z.string(),
      label: z.string().nullable(),
      description: z.string().nullable(),
      startedAt: z.string(),
    })
    .nullable(),
  /** null: nothing was sent in parts yet */
  upload: z
    .object({ key: z.string(), id: z.string(), partBytes: z.number(), headBytes: z.number() })
    .nullable(),
  /** The spool's init segment, in base64. */
  init: z.string(),
  /** When `recover` took the recording over; null: it is the server's. */
  takenAt: z.string().nullable(),
});

export type Manifest = z.infer<typeof schema>;

/** A server writes its manifests this often while it is alive. */
export const manifestEveryMs = 20_000;
/** A recording whose manifest is younger belongs to a server that may be alive. */
export const leaseMs = 3 * manifestEveryMs;

export function encodeManifest(manifest: Manifest): Buffer {
  return Buffer.from(JSON.stringify(manifest));
}

/** @throws Error in words if the bytes are no manifest, or one of a later version */
export function decodeManifest(bytes: Buffer): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    // The parser's words quote the bytes, which may name cameras.
    throw new Error('The manifest is not JSON.');
  }
  const format = (value as { format?: unknown } | null)?.format;
  if (format !== 1) throw new Error(`The manifest has the format ${String(format)}; expected 1.`);
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new Error(`The manifest is not usable: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
