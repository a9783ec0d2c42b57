/** What every server must pass: an event becomes a clip that plays everywhere, and the session ends properly. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { expect } from 'vitest';
import type { TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, download, endEvent, type PlaybackFacts } from '../support/app/playbacks.ts';
import { canDecode, watch } from '../support/browser/watch.ts';
import { ffprobe, ffprobeWarnings, packets, strictBoxes } from '../support/media/judges.ts';

/** The length of the event, and the pre-roll. */
const eventMs = 2_500;

export interface Wanted {
  readonly video: 'h264' | 'h265';
  /** The codec in the clip; undefined: no sound. */
  readonly sound: 'aac' | 'opus' | undefined;
}

export interface World {
  readonly app: TestApp;
  readonly browser: Browser | undefined;
  readonly dir: string;
}

export interface Recorded {
  readonly playback: PlaybackFacts;
  /** The API's reading of the camera. */
  readonly reading: {
    readonly reader: string;
    readonly transport: string;
    readonly soundLeftOut: string | null;
  };
}

/** Adds the camera, records an event, switches the camera off, and checks the clip. */
export async function expectClip(
  { app, browser, dir }: World,
  rtspUrl: string,
  wanted: Wanted,
  settings: object = {},
): Promise<Recorded> {
  const id = await app.addCamera({ rtspUrl, preRollSec: 1, ...settings });
  // Until the pre-roll is complete.
  await sleep(2_000);
  const event = await createEvent(app.client, { cameraId: id });
  await sleep(eventMs);
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', gaps: [] });
  const { camera } = await app.client.run<{ camera: { reading: Recorded['reading'] } }>(
    'query($id: ID!) { camera(id: $id) { reading { reader transport soundLeftOut } } }',
    { id },
  );
  expect(camera.reading).toMatchObject({ reader: 'FLASHBACK', soundLeftOut: null });
  await app.client.run(
    'mutation($input: UpdateCameraInput!) { updateCamera(input: $input) { camera { id } } }',
    { input: { id, enabled: false } },
  );
  const file = await download(playback, dir);
  await expectPlayable(file, wanted);
  await expectInBrowser(browser, playback, wanted);
  return { playback, reading: camera.reading };
}

async function expectPlayable(file: string, { video, sound }: Wanted): Promise<void> {
  await strictBoxes(file);
  expect(await ffprobeWarnings(file)).toBe('');
  const { streams } = await ffprobe(file);
  const codecs = [video === 'h265' ? 'hevc' : 'h264', ...(sound ? [sound] : [])];
  expect(streams.map(({ codec_name }) => codec_name)).toEqual(codecs);
  const all = await packets(file);
  for (const { index, codec_type } of streams) {
    const times = all.filter(({ stream_index }) => stream_index === index).map(({ pts }) => pts);
    const decoded = all.filter(({ stream_index }) => stream_index === index).map(({ dts }) => dts);
    expect(decoded).toEqual([...decoded].sort((a, b) => a - b));
    // No gap, and nothing missing at either end.
    const shown = times.sort((a, b) => a - b);
    const steps = shown.slice(1).map((time, i) => time - shown[i]!);
    expect(Math.max(...steps), `${codec_type}: the longest step`).toBeLessThan(0.25);
    expect(shown[0]).toBeLessThan(0.2);
    expect(shown.at(-1)! * 1_000, `${codec_type}: the end`).toBeGreaterThan(eventMs);
  }
}

async function expectInBrowser(
  browser: Browser | undefined,
  playback: PlaybackFacts,
  { video }: Wanted,
): Promise<void> {
  if (!browser) return;
  const type = `video/mp4; codecs="${[playback.codec, playback.audioCodec].filter(Boolean).join(', ')}"`;
  if (await canDecode(browser, type)) {
    const watched = await watch(browser, playback.videoUrl!);
    expect(watched).toMatchObject({ error: undefined });
    expect(watched.frames).toBeGreaterThan((playback.durationMs! / 1_000) * 15 * 0.8);
  } else expect(video, `Chromium says that it cannot decode ${type}`).toBe('h265');
}
