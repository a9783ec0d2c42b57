import type { TypedDocumentString } from '../gql/graphql.ts';
import { learn } from './entities.ts';
import { authorization } from './key.ts';
import { type Answer, bodyOf } from './request.ts';

/** What ahead.ts has asked for while the scripts of the page were being loaded. */
export interface Ahead {
  /** The headers of its requests: the key that was used. */
  readonly authorization: Record<string, string>;
  /** By the body of the request; undefined if the request failed. */
  readonly answers: Map<string, Promise<Answer | undefined>>;
  /** Those of the answers that have arrived, by the body of the request. */
  readonly arrived: Map<string, Answer>;
  /** Snapshots that are being loaded, by the camera's id. */
  readonly snapshots: Map<string, HTMLImageElement>;
}

declare global {
  interface Window {
    flashbackAhead?: Ahead;
  }
}

/** undefined if another key was used than the present one: then the answers are not this user's. */
function mine(): Ahead | undefined {
  const { flashbackAhead: ahead } = window;
  return JSON.stringify(ahead?.authorization) === JSON.stringify(authorization()) ? ahead : undefined;
}

/** The answer to this request, if ahead.ts has sent it. Each answer is used once. */
export async function takeAhead(body: string): Promise<Answer | undefined> {
  const ahead = mine();
  const answer = ahead?.answers.get(body);
  ahead?.answers.delete(body);
  return answer;
}

/** The data of an answer that has arrived already, so that the view's first rendering has it; undefined if none has. */
export function dataAhead<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Data | undefined {
  return mine()?.arrived.get(bodyOf(document, variables))?.data as Data | undefined;
}

/** Adds the answers that have arrived to entities.ts, which all views read. */
export function learnAhead(): void {
  for (const { data } of mine()?.arrived.values() ?? []) learn(data);
}

/** The snapshot of this camera, if ahead.ts is loading it. Each is used once. */
export function takeSnapshot(cameraId: string): HTMLImageElement | undefined {
  const snapshots = mine()?.snapshots;
  const image = snapshots?.get(cameraId);
  snapshots?.delete(cameraId);
  return image;
}

/** Call it when the server has pushed something: the answers that ahead.ts got may be older. */
export function dropAhead(): void {
  delete window.flashbackAhead;
}
