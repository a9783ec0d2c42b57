import type { Access } from '../access/access.ts';
import type { Db } from '../db/client.ts';
import type { PushJob } from '../db/push-queue.ts';
import {
  type News,
  newsFor,
  noteDelivery,
  noteFailure,
  removePushSubscription,
} from '../db/push-subscriptions.ts';
import { maySeeEvent } from '../domain/caller.ts';
import type { PushSubscription } from '../generated/prisma/client.ts';
import type { Log } from '../log.ts';
import { encryptMessage } from './encryption.ts';
import { messageAbout, topicOf } from './messages.ts';
import type { PushServices } from './push-services.ts';
import type { Vapid } from './vapid.ts';

/** No message is sent about an event that happened longer ago than this (ms). */
const newsMs = 600_000;
/** How long a push service keeps a message for a browser that is away. */
const keptSec = 3_600;
/** The pause after a failure of a push service; it doubles with each further failure. */
const pauseMs = { first: 5_000, most: 3_600_000 };
/** After so many failures in a row, over at least a day and a half, a subscription is removed. */
const mostFailures = 48;

interface PusherOptions {
  readonly db: Db;
  readonly access: Pick<Access, 'callerOf'>;
  readonly services: PushServices;
  readonly vapid: Vapid;
  /** Adds a job that is due at that time. */
  readonly later: (job: PushJob, at: Date) => Promise<void>;
  readonly log: Log;
  /** In epoch ms. */
  readonly now: () => number;
}

/**
 * @returns a function that does a job of the push queue: it tells every browser that chose the event, and whose caller
 *   may still see it
 */
export function createPusher(options: PusherOptions): (job: PushJob) => Promise<void> {
  const { db, access, now } = options;
  return async ({ playbackId, subscriptionId }) => {
    const found = await newsFor(db, playbackId, subscriptionId);
    if (!found || now() - found.news.createdAt.getTime() > newsMs) return;
    const { news, subscriptions } = found;
    const results = subscriptions.map(async (subscription) => {
      const caller = access.callerOf({ ...subscription, name: subscription.person });
      // Its key was revoked, or its key or token has expired.
      if (!caller) return removePushSubscription(db, { id: subscription.id });
      const { cameraId, event } = news;
      if (maySeeEvent(caller, { cameraId, createdByKey: event.createdByKey }))
        await tell(options, subscription, news);
    });
    // All are awaited, so that one that fails does not end the job while others are being sent.
    const failed = (await Promise.allSettled(results)).find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  };
}

async function tell(options: PusherOptions, subscription: PushSubscription, news: News): Promise<void> {
  const { db, log, now } = options;
  const { id, failures, pausedUntil, person } = subscription;
  if (pausedUntil && pausedUntil.getTime() > now())
    return tellLater(options, subscription, news, pausedUntil);
  const { status, retryAfterSec = 0, error } = await post(options, subscription, news);
  if (status >= 200 && status < 300) {
    if (failures > 0) await noteDelivery(db, subscription);
    return;
  }
  const isGone = status === 404 || status === 410;
  if (isGone || failures + 1 >= mostFailures) {
    await removePushSubscription(db, { id });
    log.info({ person, status, failures }, 'a push subscription is gone and was removed');
    return;
  }
  log.warn({ person, status, error, failures: failures + 1 }, 'a push service did not take a message');
  const pause = Math.min(pauseMs.first * 2 ** failures, pauseMs.most);
  const until = new Date(now() + Math.min(Math.max(pause, retryAfterSec * 1_000), pauseMs.most));
  await noteFailure(db, id, until);
  await tellLater(options, subscription, news, until);
}

/** Tells this subscription alone at that time, if the event is still news then. */
async function tellLater(
  { later }: PusherOptions,
  { id }: PushSubscription,
  news: News,
  at: Date,
): Promise<void> {
  if (at.getTime() - news.createdAt.getTime() > newsMs) return;
  await later({ playbackId: news.id, subscriptionId: id }, at);
}

async function post(
  { services, vapid }: PusherOptions,
  subscription: PushSubscription,
  news: News,
): Promise<{ status: number; retryAfterSec?: number | undefined; error?: unknown }> {
  const message = messageAbout(news);
  const endpoint = new URL(subscription.endpoint);
  const body = encryptMessage(Buffer.from(JSON.stringify(message)), subscription);
  const headers = {
    authorization: await vapid.header(endpoint),
    'content-encoding': 'aes128gcm',
    'content-type': 'application/octet-stream',
    'content-length': body.length,
    ttl: keptSec,
    urgency: 'high',
    topic: topicOf(message),
  };
  try {
    return await services.post(endpoint, headers, body);
  } catch (error) {
    // The service cannot be reached, or does not answer in time.
    return { status: 0, error };
  }
}
