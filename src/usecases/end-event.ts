import { saveEventEnd } from '../db/ends.ts';
import { newestPlayback } from '../db/playbacks.ts';
import { type Caller, demand } from '../domain/caller.ts';
import type { Event, Playback } from '../generated/prisma/client.ts';
import { endOf } from './event-times.ts';
import { visibleEvent } from './find-visible.ts';
import type { Parts } from './parts.ts';
import { tellRecorders } from './tell-recorders.ts';

export interface EndedEvent {
  readonly event: Event;
  /** Looks up its newest playback. Most callers do not ask for it. */
  readonly playback: () => Promise<Playback | undefined>;
}

/**
 * Ends an event. Its recording goes on for the camera's post-roll, which tell-recorders.ts arranges. Then its clip is
 * made in the background. A second call changes nothing.
 * @param endedAt not before the event's start; null or undefined: now
 * @returns the event
 * @throws RequestError FORBIDDEN, NOT_FOUND, BAD_USER_INPUT
 */
export async function endEvent(
  { db, now, tasksOf }: Pick<Parts, 'db' | 'now' | 'tasksOf'>,
  caller: Caller,
  { id, endedAt }: { readonly id: string; readonly endedAt?: Date | null | undefined },
): Promise<EndedEvent> {
  // Check.
  demand(caller, 'REPORT');
  const event = await visibleEvent(db, caller, id);

  // Write the end, and the time up to which footage is kept: the end plus the post-roll (`withPostRoll`, db/ends.ts).
  // Then tell the recorder that time.
  let ended = event;
  if (!event.endedAt) {
    const at = now();
    const end = { id: event.id, endedAt: endOf(endedAt, at, event.startedAt), at };
    const { isEnded, stopped } = await saveEventEnd(db, end);
    tellRecorders(tasksOf, stopped);
    // If another call has ended it meanwhile, that end counts.
    ended = isEnded
      ? { ...event, endedAt: end.endedAt, updatedAt: at }
      : await visibleEvent(db, caller, event.id);
  }

  // Answer.
  return { event: ended, playback: () => newestPlayback(db, event.id) };
}
