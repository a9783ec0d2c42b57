import { mutate, query } from '../api/client.ts';
import {
  DeletePushSubscriptionDocument,
  PushKeyDocument,
  SavePushSubscriptionDocument,
} from '../gql/graphql.ts';
import { eventTypes, typeName } from '../parts/format.ts';
import { locale } from '../texts/text.ts';
import { timeZone } from '../texts/time-zone.ts';
import { type NoticeWords, wordsCache, wordsPath } from '../worker/words.ts';
import { alertSettings, changeAlertSettings } from './settings.ts';

/** Push messages to this browser, also while no page is open. The service worker shows them. */

/** Calls run one after another, so that the newest settings are the ones that stay. */
let running: Promise<unknown> = Promise.resolve();
function inTurn<T>(call: () => Promise<T>): Promise<T> {
  const mine = running.then(call);
  running = mine.catch(() => {}); // the caller gets the error
  return mine;
}

/**
 * Subscribes this browser with the present settings, or renews its subscription. The user must have allowed notices.
 * @throws Error if the browser's push service or the server refuses it
 */
export const savePush = (): Promise<void> =>
  inTurn(async () => {
    await saveWords();
    const { endpoint, keys } = (await subscribed()).toJSON();
    const { cameraIds, types } = alertSettings.get();
    const input = {
      endpoint: endpoint!,
      p256dh: keys!['p256dh']!,
      auth: keys!['auth']!,
      cameraIds: [...cameraIds],
      types: [...types],
    };
    const { savePushSubscription } = await mutate(SavePushSubscriptionDocument, { input });
    changeAlertSettings({ push: savePushSubscription.pushSubscription.id });
  });

/** Ends this browser's subscription. If the server cannot be reached, the push service tells it later. */
export const endPush = (): Promise<void> =>
  inTurn(async () => {
    const { push } = alertSettings.get();
    if (!push) return;
    changeAlertSettings({ push: undefined });
    const registration = await navigator.serviceWorker.getRegistration();
    await (await registration?.pushManager.getSubscription())?.unsubscribe();
    await mutate(DeletePushSubscriptionDocument, { id: push });
  });

/** The browser's subscription with the server's key; one with another key is replaced. */
async function subscribed(): Promise<PushSubscription> {
  const { pushKey } = await query(PushKeyDocument, {});
  const { pushManager } = await navigator.serviceWorker.ready;
  const present = await pushManager.getSubscription();
  if (present && keyOf(present) === pushKey) return present;
  await present?.unsubscribe();
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: pushKey });
}

/** As base64url without padding, like the server's. */
function keyOf({ options }: PushSubscription): string {
  const bytes = new Uint8Array(options.applicationServerKey ?? new ArrayBuffer(0));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

async function saveWords(): Promise<void> {
  const words: NoticeWords = {
    types: Object.fromEntries(eventTypes.map((type) => [type, typeName(type)])),
    locale: locale(),
    timeZone: timeZone(),
  };
  await (await caches.open(wordsCache)).put(wordsPath, Response.json(words));
}
