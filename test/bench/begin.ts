import type { Ask } from './connections.ts';

interface Begun {
  createEvent: { event: { id: string }; playback: { id: string; recordingStatus: string } | null };
}

/** Asks for what the client in docs/client.md asks for. */
const analyticsBegin = `mutation($cameraId: ID!) {
  createEvent(input: { cameraId: $cameraId, type: MOTION }) { event { id leaseExpiresAt } playback { id recordingStatus } } }`;

/** An event as an analytics service reports it, and how long (ms) the answer took. */
export async function beginEvent(ask: Ask, cameraId: string) {
  const before = performance.now();
  const { createEvent } = await ask<Begun>(analyticsBegin, { cameraId });
  return { id: createEvent.event.id, playback: createEvent.playback, tookMs: performance.now() - before };
}
