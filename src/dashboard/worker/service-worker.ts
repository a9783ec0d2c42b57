import { isView } from '../../domain/views.ts';
import { openNotice, showNotice } from './notices.ts';
import { keepShell, pageOr, shellFile } from './shell-cache.ts';

/**
 * The service worker: it keeps the shell (the page, its scripts, styles and icons), so that the dashboard opens without
 * a connection, and shows push messages. All other requests go past it: it never has footage or answers of the API.
 */
declare const self: ServiceWorkerGlobalScope;

self.addEventListener('install', (event) => {
  // The new release is used at once. What open pages of the release before still load stays in the cache.
  event.waitUntil(keepShell.install().then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  const preload = self.registration.navigationPreload?.enable();
  event.waitUntil(Promise.all([keepShell.dropOlder(), preload, self.clients.claim()]));
});

self.addEventListener('fetch', (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== 'GET' || origin !== self.location.origin) return;
  if (mode === 'navigate') {
    if (isView(pathname)) event.respondWith(pageOr(event));
  } else if (shellFile(pathname)) event.respondWith(keepShell.file(event.request));
});

self.addEventListener('push', (event) => event.waitUntil(showNotice(self.registration, event.data?.json())));

self.addEventListener('notificationclick', (event) => event.waitUntil(openNotice(self, event.notification)));
