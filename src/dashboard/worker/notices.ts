import { type NoticeWords, wordsCache, wordsPath } from './words.ts';

/** What the server sends: src/push/messages.ts. */
interface Message {
  readonly camera: string;
  readonly type: string;
  readonly at: string;
  readonly path: string;
  readonly tag: string;
}

/** Shows a push message, in the words that the dashboard has left here. */
export async function showNotice(
  registration: ServiceWorkerRegistration,
  message: Message | undefined,
): Promise<void> {
  if (!message) return;
  const { camera, type, at, path, tag } = message;
  const words = await storedWords();
  const time = new Intl.DateTimeFormat(words.locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZone: words.timeZone,
  }).format(new Date(at));
  await registration.showNotification(camera, {
    body: `${words.types[type] ?? type}, ${time}`,
    tag,
    data: path,
    icon: '/icon-192.png',
    badge: '/badge-96.png',
  });
}

async function storedWords(): Promise<NoticeWords> {
  const stored = await (await caches.open(wordsCache)).match(wordsPath);
  return stored
    ? ((await stored.json()) as NoticeWords)
    : { types: {}, locale: undefined, timeZone: undefined };
}

/** Opens the page that a notice is about: in a tab that shows the dashboard, or in a new one. */
export async function openNotice(worker: ServiceWorkerGlobalScope, notice: Notification): Promise<void> {
  notice.close();
  const path: string = notice.data;
  const tabs = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const tab = tabs.find(({ focused }) => focused) ?? tabs[0];
  if (!tab) {
    await worker.clients.openWindow(new URL(path, worker.registration.scope));
    return;
  }
  tab.postMessage({ open: `/${path}` });
  await tab.focus();
}
