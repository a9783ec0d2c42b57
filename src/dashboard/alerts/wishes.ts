import type { Playback } from '../api/entities.ts';
import { observable } from '../api/observable.ts';
import type { EventType } from '../gql/graphql.ts';

/** Of which events this browser alerts its user, and how. */
export interface Wishes {
  readonly sound: boolean;
  readonly desktop: boolean;
  /** Empty: all cameras. */
  readonly cameraIds: readonly string[];
  /** Empty: all types. */
  readonly types: readonly EventType[];
}

const none: Wishes = { sound: false, desktop: false, cameraIds: [], types: [] };

const name = 'flashback.alerts';

export const wishes = observable<Wishes>(read());

function read(): Wishes {
  return { ...none, ...JSON.parse(localStorage.getItem(name) ?? '{}') };
}

export function changeWishes(part: Partial<Wishes>): void {
  wishes.set({ ...wishes.get(), ...part });
  localStorage.setItem(name, JSON.stringify(wishes.get()));
}

// Another tab of this browser has changed them.
window.addEventListener('storage', ({ key }) => key === name && wishes.set(read()));

export const isWished = ({ cameraIds, types }: Wishes, { camera, event }: Playback): boolean =>
  event != null &&
  (cameraIds.length === 0 || cameraIds.includes(camera.id)) &&
  (types.length === 0 || types.includes(event.type));
