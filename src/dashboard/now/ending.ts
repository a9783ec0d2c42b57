import { mutate, sendWith } from '../api/client.ts';
import type { Playback } from '../api/entities.ts';
import { authorization } from '../api/key.ts';
import { observable } from '../api/observable.ts';
import { occasion } from '../api/running.ts';
import { serverNow } from '../api/server-clock.ts';
import { EndEventDocument } from '../gql/graphql.ts';
import { sayProblem } from '../parts/notice.tsx';

/** An event that the user has ended and can still reopen. */
export interface Ending {
  readonly eventId: string;
  readonly title: string;
  /**
   * When the user ended the event. The server gets this time even if it gets it later, so the delay does not change the
   * clip.
   */
  readonly endedAt: string;
}

const undoMs = 10_000;

export const endings = observable<ReadonlyMap<string, Ending>>(new Map());
const timers = new Map<string, number>();

export function endEvent(playback: Playback): void {
  const { event, camera, startedAt } = playback;
  if (!event || endings.get().has(event.id)) return;
  const endedAt = new Date(Math.max(serverNow(), Date.parse(startedAt))).toISOString();
  const ending = { eventId: event.id, title: `${camera.name}, ${occasion(playback)}`, endedAt };
  endings.set(new Map(endings.get()).set(event.id, ending));
  timers.set(event.id, window.setTimeout(send, undoMs, ending));
}

export function undoEnding(eventId: string): void {
  clearTimeout(timers.get(eventId));
  timers.delete(eventId);
  const rest = new Map(endings.get());
  rest.delete(eventId);
  endings.set(rest);
}

async function send({ eventId, endedAt }: Ending): Promise<void> {
  await mutate(EndEventDocument, { id: eventId, endedAt }).catch(sayProblem);
  undoEnding(eventId);
}

/**
 * Sends the ends of all events that the user could still reopen, because the page or the session ends. The browser
 * completes the requests itself.
 */
export function sendEndings(): void {
  const options = { headers: authorization(), keepalive: true };
  for (const { eventId, endedAt } of endings.get().values()) {
    // Nobody is there any more to read why it was refused.
    sendWith(options, EndEventDocument, { id: eventId, endedAt }).catch(() => {});
    undoEnding(eventId);
  }
}

window.addEventListener('pagehide', sendEndings);
