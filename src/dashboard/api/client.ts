import { type AnyVariables, Client, fetchExchange, mapExchange, type TypedDocumentNode } from 'urql';
import { learn } from './entities.ts';
import { Refusal } from './refusal.ts';
import { authorization } from './session.ts';

/** Queries and mutations. Their answers are kept in entities.ts and nowhere else. */
export const client = new Client({
  url: '/graphql',
  preferGetMethod: false,
  fetchOptions: () => ({ headers: authorization() as Record<string, string> }),
  exchanges: [mapExchange({ onResult: ({ data }) => learn(data) }), fetchExchange],
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
