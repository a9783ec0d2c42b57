import { createHash } from 'node:crypto';
import type { News } from '../db/push-subscriptions.ts';

/** What a message tells. The dashboard's service worker reads it (src/dashboard/worker). */
export interface Message {
  readonly camera: string;
  readonly type: string;
  /** When the event happened, as RFC 3339. */
  readonly at: string;
  /** The playback's page, relative to the dashboard's address. */
  readonly path: string;
  /** Notices of the same event have the same tag: a second one replaces the first. */
  readonly tag: string;
}

export const messageAbout = ({ id, eventId, camera, event }: News): Message => ({
  camera: camera.name,
  type: event.type,
  at: event.startedAt.toISOString(),
  path: `playbacks/${id}`,
  tag: eventId!,
});

/** RFC 8030, 5.4: while a message waits for a browser, a later one of the same topic replaces it. */
export const topicOf = ({ tag }: Message): string =>
  createHash('sha256').update(tag).digest('base64url').slice(0, 32);
