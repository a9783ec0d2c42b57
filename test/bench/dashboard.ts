// The dashboard's figures in a real Chromium: how smoothly a long list scrolls, and how soon a clip is shown.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { createEvent, endEvent } from '../support/app/playbacks.ts';
import { until } from '../support/camera/reader.ts';
import { withDashboard } from './dashboard-rig.ts';
import { figure, heading, ms, percentile } from './figures.ts';
import type { BenchServer } from './server.ts';

const playbacks = 10_000;
const clipSec = 20;
const starts = 20;
/** A user who scrolls fast: forty notches of the wheel per second. */
const wheel = { px: 100, everyMs: 25 };
const scrollSec = 20;
const traced = ['toplevel', '__metadata'];
const longTask = 'none over 50 ms';

export async function benchDashboard(): Promise<void> {
  const clip = { audio: 'aac', width: 1920, height: 1080, kbps: 4_000 } as const;
  await withDashboard({ clip, playbacks, clipSec }, async ({ browser, server, sql, cameraId }) => {
    const { rows } = await sql.query('SELECT min(started_at) AS oldest FROM playbacks');
    await benchScrolling(browser, server, { cameraId, oldest: rows[0].oldest.toISOString() });
    await benchStart(browser, server);
  });
}

async function openList(browser: Browser, server: BenchServer): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(`${server.client.url}/playbacks`);
  await page.locator('section[aria-label=Playbacks] img').first().waitFor();
  await page.evaluate(`
    window.longTasks = [];
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longTasks.push(duration);
    }).observe({ type: 'longtask' });
  `);
  await page.mouse.move(700, 600);
  return page;
}

async function benchScrolling(
  browser: Browser,
  server: BenchServer,
  { cameraId, oldest }: { cameraId: string; oldest: string },
): Promise<void> {
  heading(
    `A list of ${playbacks.toLocaleString()} playbacks, ${scrollSec} s by the wheel (Chromium, no GPU)`,
  );
  const page = await openList(browser, server);
  await calibrate(page);
  await told(page, 'down, loading as it goes', () => scroll(page, wheel.px));
  await told(page, 'to its end as fast as it loads', () => scrollToEnd(page, oldest));
  await told(page, 'up, all of it loaded', () => scroll(page, -wheel.px));
  await told(page, 'up, an event each second', async () => {
    let over = false;
    const events = async () => {
      while (!over) {
        await endEvent(server.client, (await createEvent(server.client, { cameraId })).id);
        await sleep(1_000);
      }
    };
    const [passed] = await Promise.all([scroll(page, -wheel.px).finally(() => (over = true)), events()]);
    return passed;
  });
  await benchTimeline(page);
  await page.close();
}

/** Zooms out until all playbacks are counted, and in until few are drawn, by the wheel; then moves by dragging. */
async function benchTimeline(page: Page): Promise<void> {
  await page.evaluate('scrollTo(0, 0)');
  const line = page.locator('[data-scale]');
  await line.waitFor();
  const { x, y, width } = (await line.boundingBox())!;
  await page.mouse.move(x + width * 0.9, y + 40);
  await told(page, 'the timeline, from a day to a year', () => zoom(page, wheel.px));
  await told(page, 'the timeline, back to a second', () => zoom(page, -wheel.px));
  await zoom(page, wheel.px, 48);
  await told(page, 'the timeline, dragged', async () => {
    const steps = scrollSec * 20;
    await page.mouse.down();
    for (let i = 0; i < steps; i++) {
      await page.mouse.move(x + width * (0.5 + 0.4 * Math.cos(i / 40)), y + 40);
      await sleep(wheel.everyMs);
    }
    await page.mouse.up();
    return steps;
  });
}

/** @returns by how much the wheel was turned, in CSS pixels */
async function zoom(page: Page, px: number, notches = 80): Promise<number> {
  for (let i = 0; i < notches; i++) {
    await page.mouse.wheel(0, px);
    await sleep(i % 20 === 0 ? 600 : wheel.everyMs);
  }
  return notches * Math.abs(px);
}

/** @throws Error if a long task is not recognized, by the clock or by processor time */
async function calibrate(page: Page): Promise<void> {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: traced });
  await page.evaluate(
    'new Promise((resolve) => setTimeout(() => { for (const end = Date.now() + 1_000; Date.now() < end; ); resolve(); }))',
  );
  await until(() => page.evaluate('longTasks.length > 0'), 'a long task is seen by the clock');
  const longest = Math.max(...mainThreadTasks(await browser.stopTracing()));
  if (longest < 50) throw new Error(`A second of work was seen as ${longest} ms on the processor.`);
}

/** Prints the long tasks of an action. On a busy machine, the processor time says more than the clock. */
async function told(page: Page, what: string, action: () => Promise<number>): Promise<void> {
  await page.evaluate('longTasks.length = 0');
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: traced });
  const passed = await action();
  await sleep(300);
  const onProcessor = mainThreadTasks(await browser.stopTracing());
  const byClock = await page.evaluate<number[]>('longTasks');
  heading(`  ${what}: ${passed.toLocaleString()} px`);
  figure('tasks over 50 ms by the clock', words(byClock), longTask);
  figure('tasks over 50 ms on the processor', words(onProcessor.filter((it) => it > 50)), longTask);
  figure('longest on the processor', ms(Math.max(...onProcessor)));
}

const words = (tasks: readonly number[]) =>
  tasks.length ? `${tasks.length}, longest ${ms(Math.max(...tasks))}` : 'none';

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of processor time. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** The processor time of each task of the pages' main threads, in ms. */
function mainThreadTasks(trace: Buffer): number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const main = traceEvents.filter(
    ({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain',
  );
  const isMain = new Set(main.map(({ pid, tid }) => `${pid}/${tid}`));
  return traceEvents
    .filter(({ ph, pid, tid, tdur }) => ph === 'X' && tdur !== undefined && isMain.has(`${pid}/${tid}`))
    .map(({ tdur }) => tdur! / 1_000);
}

async function scroll(page: Page, px: number): Promise<number> {
  const before = await page.evaluate<number>('scrollY');
  const end = performance.now() + scrollSec * 1_000;
  for (let next = performance.now(); next < end; next += wheel.everyMs) {
    await page.mouse.wheel(0, px);
    await sleep(Math.max(0, next + wheel.everyMs - performance.now()));
  }
  return Math.abs((await page.evaluate<number>('scrollY')) - before);
}

async function scrollToEnd(page: Page, oldest: string): Promise<number> {
  const before = await page.evaluate<number>('scrollY');
  const last = page.locator(`section[aria-label=Playbacks] time[datetime="${oldest}"]`);
  for (const deadline = Date.now() + 60_000; (await last.count()) === 0; await sleep(50)) {
    if (Date.now() > deadline) throw new Error('The end of the list is not reached.');
    await page.evaluate('scrollTo(0, document.body.scrollHeight)');
  }
  return (await page.evaluate<number>('scrollY')) - before;
}

/** From the click on a playback in the list to its first frame on the screen. The clip starts at once. */
async function benchStart(browser: Browser, server: BenchServer): Promise<void> {
  heading(
    `From the click on a playback to its first frame (1080p, ${clipSec} s, local store), ${starts} times`,
  );
  const page = await openList(browser, server);
  await page.evaluate(`
    addEventListener('click', () => { window.clickedAt ??= performance.now(); }, true);
    new MutationObserver(() => {
      const video = document.querySelector('video');
      if (!video || video.seen) return;
      video.seen = true;
      video.requestVideoFrameCallback(() => { window.seenAt = performance.now(); });
    }).observe(document.body, { childList: true, subtree: true });
  `);
  const times: number[] = [];
  for (let i = 0; i < starts; i++) {
    await page.evaluate('window.clickedAt = window.seenAt = undefined');
    await page.locator('section[aria-label=Playbacks] article a').nth(i).click();
    await page.getByRole('button', { name: 'Play from the pre-roll on' }).click();
    await until(() => page.evaluate('window.seenAt > 0'), 'the first frame is on the screen');
    times.push(await page.evaluate<number>('seenAt - clickedAt'));
    await page.goBack();
    await page.locator('section[aria-label=Playbacks] img').first().waitFor();
  }
  figure('p50', ms(percentile(times, 50)));
  figure('p95', ms(percentile(times, 95)), '≤ 1000 ms');
  await page.close();
}
