import { graphql } from './gql/gql.js';
import type { CreateEventInput, TypedDocumentString } from './gql/graphql.js';

const begin = graphql(`mutation AnalyticsBegin($input: CreateEventInput!) {
  createEvent(input: $input) { event { id leaseExpiresAt } playback { id recordingStatus } }
}`);
const renew = graphql(`mutation AnalyticsRenew($id: ID!, $leaseSec: Int!) {
  renewEvent(input: { id: $id, leaseSec: $leaseSec }) { event { id leaseExpiresAt } }
}`);
const end = graphql(
  `mutation AnalyticsEnd($id: ID!) { endEvent(input: { id: $id }) { event { id endedAt } } }`,
);

interface Failure {
  message: string;
  extensions: { code: string; retryAfterMs?: number };
}

/** Errors after which a retry may succeed. All others need a person. */
const transient = ['RATE_LIMITED', 'CAPACITY', 'INTERNAL_SERVER_ERROR'];
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** @param key an API key of the role ANALYTICS */
export function connectAnalytics(url: string, key: string) {
  async function call<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
  ): Promise<Result> {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ query: document.toString(), variables }),
      signal: AbortSignal.timeout(10_000),
    });
    const { data, errors } = (await response.json()) as { data: Result; errors?: [Failure] };
    if (errors) throw Object.assign(new Error(errors[0].message), errors[0].extensions);
    return data;
  }

  /**
   * Retries a call with the same variables. That is safe: calls with the same idempotency key make one event, and an
   * event ends only once.
   */
  async function callPatiently<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
  ): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call(document, variables);
      } catch (error) {
        const { code, retryAfterMs } = error as Partial<Failure['extensions']>;
        const isTransient = typeof code !== 'string' || transient.includes(code);
        if (!isTransient || attempt === 5) throw error;
        await pause(retryAfterMs ?? 200 * 2 ** attempt);
      }
    }
  }

  return {
    /** The idempotency key identifies what was seen, such as a track. Calls with the same key are one event. */
    begin: (input: CreateEventInput & { idempotencyKey: string; leaseSec: number }) =>
      callPatiently(begin, { input }).then(({ createEvent }) => createEvent.event),
    /** Call it while the event continues. If this service dies, the recording stops when the lease expires. */
    renew: (id: string, leaseSec: number) =>
      callPatiently(renew, { id, leaseSec }).then(({ renewEvent }) => renewEvent.event),
    end: (id: string) => callPatiently(end, { id }).then(({ endEvent }) => endEvent.event),
  };
}
