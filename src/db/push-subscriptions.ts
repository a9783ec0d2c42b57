import type { EventType, Prisma, PushSubscription } from '../generated/prisma/client.ts';
import type { Db } from './client.ts';

/** The browsers that are sent push messages. */

/** A person has no more browsers than this: the subscriptions that were saved longest ago are removed. */
const mostPerPerson = 20;

export type NewPushSubscription = Omit<PushSubscription, 'id' | 'failures' | 'pausedUntil'>;

/** Writes a subscription. One with the same endpoint is the same browser, and is replaced. */
export async function savePushSubscription(
  db: Db,
  subscription: NewPushSubscription,
): Promise<PushSubscription> {
  const { endpoint, person } = subscription;
  const renewed = { ...subscription, failures: 0, pausedUntil: null };
  const saved = await db.pushSubscription.upsert({
    where: { endpoint },
    create: subscription,
    update: renewed,
  });
  const order = [{ createdAt: 'desc' }, { id: 'desc' }] as const;
  const older = { where: { person }, orderBy: [...order], skip: mostPerPerson, select: { id: true } };
  const ids = (await db.pushSubscription.findMany(older)).map(({ id }) => id);
  if (ids.length > 0) await db.pushSubscription.deleteMany({ where: { id: { in: ids } } });
  return saved;
}

/** A person's subscriptions, oldest first. */
export const pushSubscriptionsOf = (db: Db, person: string): Promise<PushSubscription[]> =>
  db.pushSubscription.findMany({ where: { person }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] });

/** Removes a subscription. @param where.person only if it is this person's */
export async function removePushSubscription(
  db: Db,
  where: { readonly id: string; readonly person?: string },
): Promise<void> {
  await db.pushSubscription.deleteMany({ where });
}

export const removeAllPushSubscriptions = (db: Db): Promise<{ count: number }> =>
  db.pushSubscription.deleteMany();

/** The push service has taken a message. */
export async function noteDelivery(db: Db, { id }: { readonly id: string }): Promise<void> {
  await db.pushSubscription.updateMany({ where: { id }, data: { failures: 0, pausedUntil: null } });
}

/** The push service has failed, and is not asked again until then. */
export async function noteFailure(db: Db, id: string, pausedUntil: Date): Promise<void> {
  await db.pushSubscription.updateMany({ where: { id }, data: { failures: { increment: 1 }, pausedUntil } });
}

const newsOf = {
  camera: { select: { name: true } },
  event: { select: { type: true, startedAt: true, createdByKey: true } },
} satisfies Prisma.PlaybackInclude;

/** What a push message tells: the playback with its camera and its event. */
export type News = Prisma.PlaybackGetPayload<{ include: typeof newsOf }> & {
  readonly event: { readonly type: EventType };
};

/**
 * The playback of a job, and the subscriptions that chose its camera and type.
 * @param subscriptionId only this subscription
 * @returns undefined if the playback or its event was deleted
 */
export async function newsFor(
  db: Db,
  playbackId: string,
  subscriptionId?: string,
): Promise<{ news: News; subscriptions: PushSubscription[] } | undefined> {
  const playback = await db.playback.findUnique({ where: { id: playbackId }, include: newsOf });
  if (!playback?.event) return undefined;
  const chosen = await db.$queryRaw<{ id: string }[]>`
    SELECT id FROM flashback_push_subscriptions(${playback.cameraId}::uuid, ${playback.event.type}::event_type)`;
  const ids = chosen
    .map(({ id }) => id)
    .filter((id) => subscriptionId === undefined || id === subscriptionId);
  const subscriptions = await db.pushSubscription.findMany({ where: { id: { in: ids } } });
  return { news: { ...playback, event: playback.event }, subscriptions };
}
