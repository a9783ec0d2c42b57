import { maskStreamUrl, unreadableUrl } from '../domain/stream-url.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Seal } from './seal.ts';

/**
 * The client through which cameras' addresses are sealed on their way into the database and opened on their way out:
 * whoever uses it knows addresses only. Raw SQL does not go through this.
 */
export function withSealedAddresses(client: PrismaClient, seal: Seal): PrismaClient {
  const sealed = <Args extends { data: unknown }>(args: Args): Args => {
    const data = args.data as { rtspUrl?: unknown };
    return typeof data.rtspUrl === 'string'
      ? { ...args, data: { ...data, rtspUrl: seal.close(data.rtspUrl) } }
      : args;
  };
  const extended = client.$extends({
    query: {
      camera: {
        create: ({ args, query }) => query(sealed(args)),
        update: ({ args, query }) => query(sealed(args)),
        updateMany: ({ args, query }) => query(sealed(args)),
        updateManyAndReturn: ({ args, query }) => query(sealed(args)),
        // Not used, and not sealed: so that nobody begins to use them unawares.
        createMany: refuse,
        createManyAndReturn: refuse,
        upsert: refuse,
      },
    },
    result: {
      camera: {
        rtspUrl: {
          needs: { rtspUrl: true },
          compute: ({ rtspUrl }) => seal.open(rtspUrl) ?? unreadableUrl,
        },
      },
    },
  });
  // The same operations and results; only events of the client ($on) are missing, which nobody uses.
  return extended as unknown as PrismaClient;
}

function refuse(): never {
  throw new Error(
    'Addresses of cameras are sealed by create, update, updateMany and updateManyAndReturn only.',
  );
}

interface Stored {
  id: string;
  rtspUrl: string;
}

/**
 * Seals every address that is not yet sealed with the current key; what is kept of playbacks' addresses from the time
 * before is masked as it would be today.
 * @param db a client without seal
 * @returns how many were sealed, and how many are sealed with a key that is not there, and stay so
 */
export async function sealAddresses(
  db: PrismaClient,
  seal: Seal,
): Promise<{ sealed: number; unreadable: number }> {
  const stored = await db.$queryRaw<Stored[]>`SELECT id, rtsp_url AS "rtspUrl" FROM cameras`;
  const due = stored.filter(({ rtspUrl }) => !seal.isCurrent(rtspUrl));
  if (due.some(({ rtspUrl }) => seal.open(rtspUrl) === rtspUrl)) await maskPlaybacks(db);
  let unreadable = 0;
  for (const { id, rtspUrl } of due) {
    const opened = seal.open(rtspUrl);
    if (opened === undefined) unreadable++;
    else await replace(db, { id, rtspUrl }, seal.close(opened));
  }
  return { sealed: due.length - unreadable, unreadable };
}

/** Writes every address as it is, for versions that cannot open it. @returns how many cannot be opened, and stay sealed */
export async function openAddresses(db: PrismaClient, seal: Seal): Promise<{ unreadable: number }> {
  const stored = await db.$queryRaw<Stored[]>`SELECT id, rtsp_url AS "rtspUrl" FROM cameras`;
  let unreadable = 0;
  for (const { id, rtspUrl } of stored) {
    const opened = seal.open(rtspUrl);
    if (opened === undefined) unreadable++;
    else await replace(db, { id, rtspUrl }, opened);
  }
  return { unreadable };
}

/** Unless it was changed meanwhile. */
async function replace(db: PrismaClient, { id, rtspUrl }: Stored, by: string): Promise<void> {
  await db.$executeRaw`UPDATE cameras SET rtsp_url = ${by} WHERE id = ${id}::uuid AND rtsp_url = ${rtspUrl}`;
}

/** A playback keeps the address that it was recorded from; passwords among its parameters were once kept, too. */
async function maskPlaybacks(db: PrismaClient): Promise<void> {
  const kept = await db.$queryRaw<{ streamUrl: string }[]>`
    SELECT DISTINCT stream_url AS "streamUrl" FROM playbacks WHERE stream_url IS NOT NULL`;
  for (const { streamUrl } of kept) {
    const masked = maskStreamUrl(streamUrl);
    if (masked !== streamUrl) {
      await db.$executeRaw`UPDATE playbacks SET stream_url = ${masked} WHERE stream_url = ${streamUrl}`;
    }
  }
}
