import {
  type AnyVariables,
  Client,
  type CombinedError,
  fetchExchange,
  mapExchange,
  type TypedDocumentNode,
} from 'urql';
import { learn } from './entities.ts';
import { Refusal } from './refusal.ts';
import { fetchTimed } from './server-clock.ts';
import { authorization, signedOut } from './session.ts';

const isUnauthenticated = ({ graphQLErrors }: CombinedError) =>
  graphQLErrors.some(({ extensions }) => extensions?.['code'] === 'UNAUTHENTICATED');

/** The most ids that one call of the API takes. */
export const mostIds = 100;

/** Queries and mutations. Their answers are kept only in entities.ts. */
export const client = new Client({
  url: '/graphql',
  preferGetMethod: false,
  fetch: fetchTimed,
  fetchOptions: () => ({ headers: authorization() }),
  exchanges: [
    mapExchange({
      onResult: ({ data }) => learn(data),
      onError: (error, { context }) => {
        // A key that is only being tried (sign-in.ts) brings its own options. Its refusal does not end the session.
        if (isUnauthenticated(error) && typeof context.fetchOptions === 'function') signedOut();
      },
    }),
    fetchExchange,
  ],
});

/** @throws Refusal */
export async function query<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const { data, error } = await client.query(document, variables).toPromise();
  if (error || !data) throw new Refusal(error);
  return data;
}

/** @throws Refusal */
export async function mutate<Data, Variables extends AnyVariables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const { data, error } = await client.mutation(document, variables).toPromise();
  if (error || !data) throw new Refusal(error);
  return data;
}
