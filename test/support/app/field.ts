// Records an event at a camera with the behaviour of cameras in the field, up to the frames of its clip.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { TestCamera } from '../camera/camera.ts';
import { ffprobeWarnings } from '../media/judges.ts';
import type { TestApp } from './app.ts';
import { type Clip, readClip } from './clip.ts';
import { awaitEnd, createEvent, endEvent, type PlaybackFacts } from './playbacks.ts';

export interface FieldOptions {
  /** Default: 1. */
  readonly preRollSec?: number;
  /** How long the camera is live before the event, and how long the event lasts, in milliseconds. */
  readonly beforeMs?: number;
  readonly ms?: number;
  /** Called in the middle of the event. */
  readonly meanwhile?: () => unknown;
  /** Sessions that other clients begin meanwhile. Default: 0. */
  readonly otherSessions?: number;
  readonly rtspUrl?: string;
}

/** Records an event. The clip must be whole, in real time to 0.2 s, from one session of the camera. */
export async function recordInField(
  app: TestApp,
  camera: TestCamera,
  dir: string,
  options: FieldOptions = {},
): Promise<Clip & { playback: PlaybackFacts }> {
  const { preRollSec = 1, beforeMs = 1_500, ms = 2_500, meanwhile } = options;
  const { rtspUrl = camera.url, otherSessions = 0 } = options;
  const cameraId = await app.addCamera({ rtspUrl, preRollSec });
  const before = camera.sessionsEver;
  await sleep(beforeMs);
  const event = await createEvent(app.client, { cameraId });
  await sleep(ms / 2);
  await meanwhile?.();
  await sleep(ms / 2);
  await endEvent(app.client, event.id);
  const playback = await awaitEnd(app.client, event);
  expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', gaps: [] });
  const clip = await readClip(camera, playback, dir, Date.parse(playback.endedAt!));
  expect(camera.sessionsEver).toBe(before + otherSessions);
  expect(clip.worst).toBeLessThan(200);
  expect(Date.parse(playback.startedAt) - clip.firstSentAt).toBeGreaterThan(preRollSec * 1_000 - 200);
  expect(await ffprobeWarnings(clip.file)).toBe('');
  return { ...clip, playback };
}

/** Whether each picture follows the previous one. @param all how many pictures the camera's loop has */
export function expectEveryPicture({ frames }: Clip, all: number): void {
  for (const [i, { counter }] of frames.entries()) expect(counter).toBe((frames[0]!.counter + i) % all);
}
