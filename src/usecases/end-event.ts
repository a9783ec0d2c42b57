import { saveEventEnd } from '../db/ends.ts';
import type { RecordedEvent } from '../db/events.ts';
import { newestPlayback } from '../db/playbacks.ts';
import { type Caller, demand } from '../domain/caller.ts';
import { endOf } from './event-times.ts';
import { visibleEvent } from './find-visible.ts';
import type { Parts } from './parts.ts';
import { tellRecorders } from './tell-recorders.ts';

/**
 * Ends an event. Its recording goes on for the camera's post-roll, which tell-recorders.ts arranges. Then its clip is
 * made in the background. A second call changes nothing.
 * @param endedAt not before the event's start; null or undefined: now
 * @returns the event and its newest playback
 * @throws RequestError FORBIDDEN, NOT_FOUND, BAD_USER_INPUT
 */
export async function endEvent(
  { db, now, tasksOf }: Pick<Parts, 'db' | 'now' | 'tasksOf'>,
  caller: Caller,
  { id, endedAt }: { readonly id: string; readonly endedAt?: Date | null | undefined },
): Promise<RecordedEvent> {
  // Check.
  demand(caller, 'REPORT');
  const event = await visibleEvent(db, caller, id);

  // Write the end, and the time up to which footage is kept: the end plus the post-roll (`withPostRoll`, db/ends.ts).
  // Then tell the recorder that time.
  if (!event.endedAt) {
    const asked = now();
    const end = { id: event.id, endedAt: endOf(endedAt, asked, event.startedAt), at: asked };
    tellRecorders(tasksOf, await saveEventEnd(db, end));
  }

  // Answer.
  const [ended, playback] = await Promise.all([
    visibleEvent(db, caller, event.id),
    newestPlayback(db, event.id),
  ]);
  return { event: ended, playback };
}
