import type { Ask } from './connections.ts';

interface Begun {
  createEvent: { event: { id: string }; playback: { id: string; recordingStatus: string } | null };
}

/** Selects what the client in docs/client.md selects. */
const analyticsBegin = `mutation($cameraId: ID!) {
  createEvent(input: { cameraId: $cameraId, type: MOTION }) { event { id leaseExpiresAt } playback { id recordingStatus } } }`;

/** Reports an event as an analytics service does. Returns the event, and how long (ms) the answer took. */
export async function beginEvent(ask: Ask, cameraId: string) {
  const before = performance.now();
  const { createEvent } = await ask<Begun>(analyticsBegin, { cameraId });
  return { id: createEvent.event.id, playback: createEvent.playback, tookMs: performance.now() - before };
}
