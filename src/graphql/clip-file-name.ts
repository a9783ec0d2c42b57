import type { EventType } from '../generated/prisma/client.ts';
import { badField } from '../usecases/input.ts';

/**
 * The name under which a clip is saved, like 2026-11-28_14-02-11_front-door_person.mp4.
 * @param timeZone an IANA name; the time is written in it
 * @throws RequestError BAD_USER_INPUT if there is no such zone
 */
export function clipFileName(
  {
    startedAt,
    camera,
    event,
  }: { startedAt: Date; camera: { name: string }; event: { type: EventType } | null },
  timeZone: string,
): string {
  const time = timeIn(timeZone, startedAt);
  const type = event ? words(event.type) : 'by-hand';
  return `${time}_${words(camera.name) || 'camera'}_${type}.mp4`;
}

/**
 * The time as it stands in names of files, like 2026-11-28_14-02-11.
 * @throws RequestError BAD_USER_INPUT if there is no such zone
 */
export function timeIn(timeZone: string, at: Date): string {
  try {
    // The Swedish locale writes times as ISO 8601 does.
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
    return format.format(at).replace(' ', '_').replaceAll(':', '-');
  } catch {
    throw badField('timeZone', 'Expected the name of a time zone, like Europe/Berlin.');
  }
}

const words = (text: string) =>
  text
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
    .slice(0, 60)
    .replace(/^-+|-+$/g, '');
