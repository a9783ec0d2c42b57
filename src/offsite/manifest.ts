import { z } from 'zod';
import { EventType } from '../generated/prisma/enums.ts';

/**
 * The manifest of a running recording. From the manifest, the index and the payload, `npm run recover` makes the clip
 * and its rows; it needs nothing but the bucket. A write succeeds only if the manifest is as it was read (ETag). So if
 * both the server and `recover` use the recording, one of them notices.
 */
const schema = z.object({
  format: z.literal(1),
  installation: z.string(),
  /** Times are RFC 3339 texts. */
  playback: z.object({
    id: z.string(),
    startedAt: z.string(),
    clipStartedAt: z.string().nullable(),
    preRollSec: z.number(),
    gaps: z.array(z.object({ from: z.string(), to: z.string() })),
    uploadAttempt: z.number(),
  }),
  /** Names, labels and descriptions are null if the bucket is public. */
  camera: z.object({ id: z.string(), name: z.string().nullable() }),
  /** null: a recording by hand */
  event: z
    .object({
      id: z.string(),
      type: z.enum(EventType),
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
  /** When `recover` marked the recording; null: it belongs to the server. */
  takenAt: z.string().nullable(),
});

export type Manifest = z.infer<typeof schema>;

/** How often a server writes each manifest. */
export const manifestEveryMs = 20_000;
/** If the manifest is younger than this, the server that writes it may be alive. */
export const leaseMs = 3 * manifestEveryMs;

export function encodeManifest(manifest: Manifest): Buffer {
  return Buffer.from(JSON.stringify(manifest));
}

/** @throws Error with an explanation if the bytes are no manifest of this version */
export function decodeManifest(bytes: Buffer): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    // The parser's message quotes the bytes, which may contain names of cameras.
    throw new Error('The manifest is not JSON.');
  }
  const format = (value as { format?: unknown } | null)?.format;
  if (format !== 1) throw new Error(`The manifest has the format ${String(format)}; expected 1.`);
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new Error(`The manifest is not usable: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
