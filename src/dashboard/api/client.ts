import type { TypedDocumentString } from '../gql/graphql.ts';
import { takeAhead } from './ahead-answers.ts';
import { learn } from './entities.ts';
import { authorization } from './key.ts';
import { Refusal } from './refusal.ts';
import { bodyOf, post } from './request.ts';
import { learnTime } from './server-clock.ts';
import { signedOut } from './session.ts';

/** Queries and mutations. Their answers are kept only in entities.ts. */

/** The most ids that one call of the API takes. */
export const mostIds = 100;

/** Queries without an answer yet, by key and request: equal ones are sent once. */
const underWay = new Map<string, Promise<unknown>>();

/** @throws Refusal */
export function query<Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const body = bodyOf(document, variables);
  const name = JSON.stringify([authorization(), body]);
  const begin = () => {
    const answer = ask<Data>(body).finally(() => underWay.delete(name));
    underWay.set(name, answer);
    return answer;
  };
  return (underWay.get(name) as Promise<Data> | undefined) ?? begin();
}

/** @throws Refusal */
export const mutate = <Data, Variables>(
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Promise<Data> => ask<Data>(bodyOf(document, variables));

/**
 * Sends an operation with other options than usual. If its key is refused, the session does not end.
 * @param options of fetch, for example with another key
 * @throws Refusal
 */
export async function sendWith<Data, Variables>(
  options: RequestInit,
  document: TypedDocumentString<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  return read<Data>(await post(bodyOf(document, variables), options).catch(unreachable));
}

async function ask<Data>(body: string): Promise<Data> {
  try {
    const answer =
      (await takeAhead(body)) ?? (await post(body, { headers: authorization() }).catch(unreachable));
    return read<Data>(answer);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'UNAUTHENTICATED') signedOut();
    throw error;
  }
}

function read<Data>({ data, errors, times }: Awaited<ReturnType<typeof post>>): Data {
  learnTime(times);
  learn(data);
  if (errors || !data) throw new Refusal(errors);
  return data as Data;
}

function unreachable(): never {
  throw new Refusal(undefined);
}
