import { observable } from '../api/observable.ts';

const name = 'flashback.liveWall';

/** Whether the cameras are shown live. This browser remembers it. */
export const showsLive = observable(localStorage.getItem(name) === 'true');

export function chooseLive(isLive: boolean): void {
  localStorage.setItem(name, String(isLive));
  showsLive.set(isLive);
}
