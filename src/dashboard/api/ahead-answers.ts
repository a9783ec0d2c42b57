import type { TypedDocumentString } from '../gql/graphql.ts';
import { learn } from './entities.ts';
import { authorization } from './key.ts';
import { type Answer, bodyOf } from './request.ts';

/** What ahead.ts has asked for before the scripts of the page were loaded. */
export interface Ahead {
  /** The headers with the key that it was asked with. */
  readonly authorization: Record<string, string>;
  /** By request; undefined if there is no answer. */
  readonly answers: Map<string, Promise<Answer | undefined>>;
  /** The answers that are here. */
  readonly arrived: Map<string, Answer>;
  /** Snapshots that are being loaded, by the camera's id. */
  readonly snapshots: Map<string, HTMLImageElement>;
}

declare global {
  interface Window {
    flashbackAhead?: Ahead;
  }
}

/** undefined with another key. */
function mine(): Ahead | undefined {
  const { flashbackAhead: ahead } = window;
  return JSON.stringify(ahead?.authorization) === JSON.stringify(authorization()) ? ahead : undefined;
}

/** The answer to this request, if it was sent ahead. Each is used once. */
export async function takeAhead(body: string): Promise<Answer | undefined> {
  const ahead = mine();
  const answer = ahead?.answers.get(body);
  ahead?.answers.delete(body);
  return answer;
}

/** The data of an answer that is here before the query is sent, so that the view's first picture can have it. */
export function dataAhead<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Data | undefined {
  return mine()?.arrived.get(bodyOf(document, variables))?.data as Data | undefined;
}

/** Adds what is here to what all views read. */
export function learnAhead(): void {
  for (const { data } of mine()?.arrived.values() ?? []) learn(data);
}

/** The snapshot of this camera, if it was asked for ahead. */
export function takeSnapshot(cameraId: string): HTMLImageElement | undefined {
  const snapshots = mine()?.snapshots;
  const image = snapshots?.get(cameraId);
  snapshots?.delete(cameraId);
  return image;
}

/** Call it when something was pushed: what was asked ahead may be older. */
export function dropAhead(): void {
  delete window.flashbackAhead;
}
