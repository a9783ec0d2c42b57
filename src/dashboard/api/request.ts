/** An operation over HTTP. It must stay small: with ahead.ts, it is a part of the page itself. */

export interface ServerError {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly ServerError[];
  /**
   * Epoch ms. `server`: when the server answered, by its clock, in whole seconds; NaN if the answer does not say that.
   * `sent`, `received`: by the browser's clock.
   */
  readonly times: { readonly server: number; readonly sent: number; readonly received: number };
}

/** The body of a request. @param document a typed document, which is its text */
export const bodyOf = (document: { toString(): string }, variables: unknown): string =>
  JSON.stringify({ query: document.toString().trim(), variables });

/** @throws Error if the server cannot be reached, or something else answers in its place */
export async function post(body: string, options: RequestInit): Promise<Answer> {
  const sent = Date.now();
  const response = await fetch('/graphql', {
    ...options,
    method: 'POST',
    headers: { ...options.headers, 'content-type': 'application/json' },
    body,
  });
  const received = Date.now();
  const { data, errors } = (await response.json()) as Omit<Answer, 'times'>;
  const times = { server: Date.parse(response.headers.get('date') ?? ''), sent, received };
  return { data, ...(errors && { errors }), times };
}
