// The dashboard's page in a real Chromium: its first load on a slow line, its response, and its memory.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { createEvent, endEvent } from '../support/app/playbacks.ts';
import { type DashboardRig, withDashboard } from './dashboard-rig.ts';
import { figure, heading, ms, percentile } from './figures.ts';
import type { BenchServer } from './server.ts';

/** 1.6 Mbit/s down; the round trip is that of a line over land. */
const line = { downloadThroughput: 1.6e6 / 8, uploadThroughput: 750e3 / 8, latency: 40, offline: false };
const slowdown = 4;
const loads = 5;
/** How long a page is watched after its load: posters and pictures still come. */
const settleMs = 3_000;
const responseSec = 40;
const eventsPerMinute = 50;
const rounds = 200;
const views = ['/playbacks', '/cameras', '/now'];

/** Runs a bench with a live camera, its clip, and a thousand playbacks that all show this clip. */
export const benchPage = (bench: (rig: DashboardRig) => Promise<void>): Promise<void> =>
  withDashboard({ clip: { gopSec: 1 }, playbacks: 1_000, clipSec: 4 }, bench);

const newPage = (browser: Browser): Promise<Page> =>
  browser.newPage({ viewport: { width: 1366, height: 768 }, locale: 'en-GB' });

const slowDown = (devTools: CDPSession) =>
  devTools.send('Emulation.setCPUThrottlingRate', { rate: slowdown });

/** The first visit of each view, with empty caches. */
export async function benchLoad({ browser, server }: DashboardRig): Promise<void> {
  heading(
    `First load, 1.6 Mbit/s, ${line.latency} ms, processor slowed ${slowdown} times, ${loads} times each`,
  );
  for (const view of views) {
    const loaded: Loaded[] = [];
    for (let n = 0; n < loads; n++) loaded.push(await load(browser, server.client.url + view));
    const worst = (measure: (it: Loaded) => number) => Math.max(...loaded.map(measure));
    figure(
      `${view}: page, scripts and styles`,
      `${(worst(({ bytes }) => bytes) / 1_000).toFixed(1)} kB`,
      '150 kB',
    );
    const paints = loaded.map(({ paintMs }) => paintMs);
    figure(
      `${view}: largest contentful paint, median / worst`,
      `${ms(percentile(paints, 50))} / ${ms(Math.max(...paints))}`,
      '1200 ms',
    );
    figure(`${view}: layout shift, worst`, worst(({ shift }) => shift).toFixed(3), '0.02');
  }
}

interface Loaded {
  /** As they were transferred: compressed, with headers. */
  readonly bytes: number;
  readonly paintMs: number;
  readonly shift: number;
}

async function load(browser: Browser, address: string): Promise<Loaded> {
  const page = await newPage(browser);
  await page.addInitScript(`
    window.paintMs = 0;
    window.shift = 0;
    new PerformanceObserver((list) => { for (const { startTime } of list.getEntries()) paintMs = startTime; })
      .observe({ type: 'largest-contentful-paint', buffered: true });
    new PerformanceObserver((list) => { for (const it of list.getEntries()) if (!it.hadRecentInput) shift += it.value; })
      .observe({ type: 'layout-shift', buffered: true });
  `);
  const devTools = await page.context().newCDPSession(page);
  await devTools.send('Network.enable');
  await devTools.send('Network.emulateNetworkConditions', line);
  await slowDown(devTools);
  const isCode = new Set<string>();
  let bytes = 0;
  devTools.on('Network.requestWillBeSent', ({ requestId, type }) => {
    if (['Document', 'Script', 'Stylesheet'].includes(type ?? '')) isCode.add(requestId);
  });
  // Until the first view is complete. What is loaded ahead for later views is not part of the first load.
  let isFirst = true;
  devTools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (isFirst && isCode.has(requestId)) bytes += encodedDataLength;
  });
  // Waiting for a text costs processor time, because Playwright looks for it again and again. Here the processor is slowed.
  const connected = new Promise((resolve) => devTools.once('Network.webSocketFrameReceived', resolve));
  await page.goto(address);
  await connected;
  isFirst = false;
  await sleep(settleMs);
  const { paintMs, shift } = await page.evaluate<{ paintMs: number; shift: number }>('({ paintMs, shift })');
  await page.context().close();
  return { bytes, paintMs, shift };
}

/** Events begin and end while a person clicks and types. */
export async function benchResponse({ browser, server, cameraId }: DashboardRig): Promise<void> {
  heading(`From an input to the next picture, ${eventsPerMinute} events a minute, ${responseSec} s each`);
  for (const slow of [false, true]) {
    const page = await newPage(browser);
    await page.goto(`${server.client.url}/playbacks`);
    await page.getByText('Connected', { exact: true }).waitFor();
    if (slow) await slowDown(await page.context().newCDPSession(page));
    await page.evaluate(`
      window.answered = new Map();
      new PerformanceObserver((list) => {
        for (const { interactionId, duration } of list.getEntries())
          if (interactionId) answered.set(interactionId, Math.max(duration, answered.get(interactionId) ?? 0));
      }).observe({ type: 'event', durationThreshold: 16, buffered: false });
      window.before = performance.interactionCount;
    `);
    const end = performance.now() + responseSec * 1_000;
    const use = async () => {
      while (performance.now() < end) await useOnce(page);
    };
    await Promise.all([use(), report(server, cameraId, end)]);
    const { count, slowest } = await page.evaluate<{ count: number; slowest: number[] }>(
      '({ count: performance.interactionCount - before, slowest: [...answered.values()] })',
    );
    // Inputs that are answered within 16 ms are only counted.
    const all = [...slowest, ...Array.from({ length: Math.max(0, count - slowest.length) }, () => 16)];
    const name = slow ? `processor slowed ${slowdown} times` : 'this processor';
    figure(
      `${name}: ${all.length} inputs, p50 / p98`,
      `${ms(percentile(all, 50))} / ${ms(percentile(all, 98))}`,
      '100 ms',
    );
    await page.context().close();
  }
}

async function report(server: BenchServer, cameraId: string, end: number): Promise<void> {
  for (let next = performance.now(); next < end; next += 60_000 / eventsPerMinute) {
    const event = await createEvent(server.client, { cameraId, label: 'visitor' });
    await endEvent(server.client, event.id);
    await sleep(Math.max(0, next + 60_000 / eventsPerMinute - performance.now()));
  }
}

const go = (page: Page, view: string) =>
  page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view }).click();

/** What a person does within some seconds: look at each view, search, open a playback, look at the keys. */
async function useOnce(page: Page): Promise<void> {
  await go(page, 'Cameras');
  await go(page, 'Now');
  await go(page, 'Playbacks');
  const card = page.locator('section[aria-label=Playbacks] article a').first();
  await card.waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  for (const key of ['Escape', 'ArrowDown', 'x', 'Escape']) await page.keyboard.press(key);
  const search = page.getByRole('searchbox').or(page.getByLabel('Words')).first();
  if (await search.isVisible()) {
    await search.click();
    await page.keyboard.type('visitor', { delay: 60 });
    await search.fill('');
  }
  await card.click();
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.goBack();
}

/** Memory after the same views again and again. */
export async function benchHeap({ browser, server }: DashboardRig): Promise<void> {
  heading(`Memory of the page over ${rounds} rounds through all views`);
  const page = await newPage(browser);
  await page.goto(`${server.client.url}/playbacks`);
  const devTools = await page.context().newCDPSession(page);
  await devTools.send('Performance.enable');
  const measured: { heap: number; nodes: number; listeners: number }[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const view of ['Cameras', 'Now', 'Playbacks']) await go(page, view);
    await page.locator('section[aria-label=Playbacks] article a').first().click();
    await page.waitForURL('**/playbacks/*');
    if (round % 20 === 0) measured.push(await memory(devTools));
  }
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
  figure('heap every 20 rounds', `${measured.map(({ heap }) => mib(heap)).join(' ')} MiB`);
  // The first rounds load what is loaded only once.
  const [first, last] = [measured[1]!, measured.at(-1)!];
  figure('heap after 40 and after 200 rounds', `${mib(first.heap)} → ${mib(last.heap)} MiB`, 'flat');
  figure('elements after 40 and after 200 rounds', `${first.nodes} → ${last.nodes}`, 'flat');
  figure('listeners after 40 and after 200 rounds', `${first.listeners} → ${last.listeners}`, 'flat');
  await page.context().close();
}

async function memory(devTools: CDPSession) {
  await devTools.send('HeapProfiler.collectGarbage');
  const { metrics } = await devTools.send('Performance.getMetrics');
  const value = (name: string) => metrics.find((metric) => metric.name === name)!.value;
  return { heap: value('JSHeapUsedSize'), nodes: value('Nodes'), listeners: value('JSEventListeners') };
}
