import type { CameraFieldsFragment, PlaybackFieldsFragment } from '../gql/graphql.ts';
import { observable, useObservable } from './observable.ts';

/**
 * The newest version of every camera and playback that this tab has received. Every answer to a query, mutation or
 * subscription passes through here, and all views read from here, so they agree. It holds only what the API has sent.
 */

export type Camera = CameraFieldsFragment;
export type Playback = PlaybackFieldsFragment;

export const cameras = observable<ReadonlyMap<string, Camera>>(new Map());
export const playbacks = observable<ReadonlyMap<string, Playback>>(new Map());

/** Whether all cameras are known. */
export const camerasLoaded = observable(false);

/** Ids are never reused. A deleted item stays deleted, even if a late answer still contains it. */
const deleted = new Set<string>();

/** Adds all cameras and playbacks of an answer. Items that are older than the known version are ignored. */
export function learn(answer: unknown): void {
  const found = { cameras: [] as Camera[], playbacks: [] as Playback[] };
  collect(answer, found);
  cameras.set(merged(cameras.get(), found.cameras));
  playbacks.set(merged(playbacks.get(), found.playbacks));
}

/** Replaces the list of all cameras. */
export function learnAllCameras(list: readonly Camera[]): void {
  const present = new Set(list.map(({ id }) => id));
  const gone = [...cameras.get().keys()].filter((id) => !present.has(id));
  cameras.set(without(cameras.get(), gone));
  camerasLoaded.set(true);
}

export function forgetPlaybacks(ids: readonly string[]): void {
  for (const id of ids) deleted.add(id);
  playbacks.set(without(playbacks.get(), ids));
}

/** Call it when the user of this tab has marked these playbacks as reviewed, or has taken the marks back. */
export function markPlaybacks(ids: readonly string[], reviewed: boolean): void {
  const known = playbacks.get();
  playbacks.set(
    merged(
      known,
      ids.flatMap((id) => known.get(id) ?? []).map((playback) => ({ ...playback, reviewed })),
    ),
  );
}

/** Removes a deleted camera, and its playbacks, which were deleted with it. */
export function forgetCamera(id: string): void {
  deleted.add(id);
  cameras.set(without(cameras.get(), [id]));
  forgetPlaybacks([...playbacks.get().values()].filter((it) => it.camera.id === id).map((it) => it.id));
}

/** Call it when another user has signed in: removes everything that the previous user could see. */
export function forgetEverything(): void {
  cameras.set(new Map());
  camerasLoaded.set(false);
  playbacks.set(new Map());
}

export const useCameras = (): readonly Camera[] =>
  [...useObservable(cameras).values()].sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));

export const useCamera = (id: string): Camera | undefined => useObservable(cameras).get(id);

export const usePlayback = (id: string): Playback | undefined => useObservable(playbacks).get(id);

function collect(value: unknown, found: { cameras: Camera[]; playbacks: Playback[] }): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, found);
  } else if (typeof value === 'object' && value !== null) {
    const { __typename } = value as { __typename?: string };
    if (__typename === 'Playback') found.playbacks.push(value as Playback);
    else if (__typename === 'Camera') found.cameras.push(value as Camera);
    else for (const item of Object.values(value)) collect(item, found);
  }
}

function merged<T extends { id: string; updatedAt: string }>(
  known: ReadonlyMap<string, T>,
  heard: readonly T[],
): ReadonlyMap<string, T> {
  const news = heard.filter(
    ({ id, updatedAt }) => !deleted.has(id) && updatedAt >= (known.get(id)?.updatedAt ?? ''),
  );
  if (news.length === 0) return known;
  const next = new Map(known);
  for (const it of news) next.set(it.id, it);
  return next;
}

function without<T>(known: ReadonlyMap<string, T>, ids: readonly string[]): ReadonlyMap<string, T> {
  if (!ids.some((id) => known.has(id))) return known;
  const next = new Map(known);
  for (const id of ids) next.delete(id);
  return next;
}
