import type { Playback } from '../api/entities.ts';
import { observable } from '../api/observable.ts';
import type { EventType } from '../gql/graphql.ts';

/** Of which events this browser alerts its user, and how. */
export interface AlertSettings {
  readonly sound: boolean;
  readonly desktop: boolean;
  /** The id of this browser's push subscription; undefined: it has none. */
  readonly push: string | undefined;
  /** Empty: all cameras. */
  readonly cameraIds: readonly string[];
  /** Empty: all types. */
  readonly types: readonly EventType[];
}

const none: AlertSettings = { sound: false, desktop: false, push: undefined, cameraIds: [], types: [] };

const name = 'flashback.alerts';

export const alertSettings = observable<AlertSettings>(read());

function read(): AlertSettings {
  return { ...none, ...JSON.parse(localStorage.getItem(name) ?? '{}') };
}

export function changeAlertSettings(part: Partial<AlertSettings>): void {
  alertSettings.set({ ...alertSettings.get(), ...part });
  localStorage.setItem(name, JSON.stringify(alertSettings.get()));
}

// Another tab of this browser has changed them.
window.addEventListener('storage', ({ key }) => key === name && alertSettings.set(read()));

export const isChosen = ({ cameraIds, types }: AlertSettings, { camera, event }: Playback): boolean =>
  event != null &&
  (cameraIds.length === 0 || cameraIds.includes(camera.id)) &&
  (types.length === 0 || types.includes(event.type));
