import type { Access } from '../access/access.ts';
import type { Db } from '../db/client.ts';
import { sharedPushKey } from '../db/push-key.ts';
import { PushQueue } from '../db/push-queue.ts';
import { removeAllPushSubscriptions } from '../db/push-subscriptions.ts';
import type { Seal } from '../db/seal.ts';
import type { Log } from '../log.ts';
import { areKeys, type SubscriptionKeys } from './encryption.ts';
import { createPushServices } from './push-services.ts';
import { createPusher } from './pusher.ts';
import { createVapid, newVapidKey } from './vapid.ts';

/** Tells browsers of new events, although no page of the dashboard is open. */
export interface Push {
  /** What browsers subscribe with. */
  readonly publicKey: string;
  /** Whether messages may be sent to this address. */
  isEndpoint(text: string): boolean;
  /** Whether a browser's keys can be used. */
  areKeys(keys: SubscriptionKeys): boolean;
  start(): void;
  close(): Promise<void>;
}

/** @throws Error if the key pair in the database was sealed with another server's SECRET_KEY */
export async function openPush(
  {
    pushContact: contact,
    privatePushServices,
  }: { pushContact: string | undefined; privatePushServices: boolean },
  parts: {
    readonly db: Db;
    readonly databaseUrl: string;
    readonly seal: Seal;
    readonly access: Access;
    readonly log: Log;
    readonly now: () => number;
  },
): Promise<Push> {
  const { db, databaseUrl, seal, access, log, now } = parts;
  const { text, isReplaced } = await sharedPushKey(db, seal, newVapidKey);
  if (isReplaced) {
    const { count } = await removeAllPushSubscriptions(db);
    log.error(
      { subscriptions: count },
      'the key for push messages was sealed with a SECRET_KEY that is not here; it was made anew, and browsers subscribe again when they open the dashboard',
    );
  }
  const vapid = createVapid(text, { contact, now });
  const services = createPushServices({ mayBePrivate: privatePushServices });
  const later: PushQueue['add'] = (job, at) => queue.add(job, at);
  const work = createPusher({ db, access, services, vapid, later, log, now });
  const queue = new PushQueue({ url: databaseUrl, work, log });
  return {
    publicKey: vapid.publicKey,
    isEndpoint: (endpoint) => services.isEndpoint(endpoint),
    areKeys,
    start: () => queue.start(),
    async close() {
      await queue.close();
      await services.close();
    },
  };
}
