import { findCamera } from '../db/cameras.ts';
import type { Db } from '../db/client.ts';
import { findEvent } from '../db/events.ts';
import { visiblePlaybacks } from '../db/visible.ts';
import { type Caller, maySeeCamera, maySeeEvent } from '../domain/caller.ts';
import type { Camera, Event, Playback } from '../generated/prisma/client.ts';
import { found } from './input.ts';

/** Look-ups by id. All throw RequestError NOT_FOUND, even if the object exists but the caller may not see it. */

export const visibleCamera = (db: Db, caller: Caller, id: string): Promise<Camera> =>
  found('camera', id, async (id) => (maySeeCamera(caller, id) ? findCamera(db, id) : undefined));

export const visibleEvent = (db: Db, caller: Caller, id: string): Promise<Event> =>
  found('event', id, async (id) => {
    const event = await findEvent(db, id);
    return event && maySeeEvent(caller, event) ? event : undefined;
  });

export const visiblePlayback = (db: Db, caller: Caller, id: string): Promise<Playback> =>
  found('playback', id, (id) =>
    db.playback.findFirst({ where: { id, AND: [visiblePlaybacks({ caller })] } }),
  );
