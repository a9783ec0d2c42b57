import { maskStreamUrl, unreadableUrl } from '../domain/stream-url.ts';
import type { PrismaClient } from '../generated/prisma/client.ts';
import type { Seal } from './seal.ts';

/**
 * A client that seals stream addresses when it writes cameras, and opens them when it reads cameras. Raw SQL reads
 * addresses as they are sealed, and has to write them sealed.
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
        // These would write addresses unsealed. Nobody uses them, so they are refused.
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
  // The extended client has the same operations and results. It lacks only $on, which is not used.
  return extended as unknown as PrismaClient;
}

function refuse(): never {
  throw new Error('Stream addresses are sealed only by create, update, updateMany and updateManyAndReturn.');
}

interface Stored {
  id: string;
  rtspUrl: string;
}

/**
 * Seals every stream address that is not sealed with the current key. If unsealed ones are found, the addresses in
 * playbacks' rows are masked, too.
 * @param db a client without seal
 * @returns how many were sealed, and how many stay sealed with an unknown key
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

/** Unseals every stream address, for versions that cannot open seals. @returns how many cannot be opened and stay sealed */
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

/** Replaces an address, unless it was changed meanwhile. */
async function replace(db: PrismaClient, { id, rtspUrl }: Stored, by: string): Promise<void> {
  await db.$executeRaw`UPDATE cameras SET rtsp_url = ${by} WHERE id = ${id}::uuid AND rtsp_url = ${rtspUrl}`;
}

/** Masks the addresses in playbacks' rows. Earlier versions left passwords in the parameters of these addresses. */
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
