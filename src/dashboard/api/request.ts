/** An operation over HTTP. ahead.ts, which the page runs before its scripts, uses it too, so it must stay small. */

export interface ServerError {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly ServerError[];
  /** When the server answered, on its clock, in whole seconds, and when the browser sent and received; epoch ms. */
  readonly times: { readonly server: number; readonly sent: number; readonly received: number };
}

/** @param document a typed document, which is a string */
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
