import type { CombinedError } from 'urql';

interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The server did not do what it was asked to; the message is for the person who asked. */
export class Refusal extends Error {
  readonly code: string;
  readonly #issues: readonly Issue[];

  constructor(error: CombinedError | undefined) {
    const first = error?.graphQLErrors[0];
    super(first?.message ?? 'The server cannot be reached. Try again when the connection is back.');
    this.name = 'Refusal';
    this.code = String(first?.extensions?.['code'] ?? 'UNREACHABLE');
    this.#issues = (first?.extensions?.['issues'] as Issue[] | undefined) ?? [];
  }

  /** What is wrong with one field of the input; undefined when nothing is. */
  at(field: string): string | undefined {
    return this.#issues.find(({ path }) => path.at(-1) === field)?.message;
  }

  /** Whether each of the things that are wrong belongs to one of these fields. */
  liesIn(fields: readonly string[]): boolean {
    return this.#issues.length > 0 && this.#issues.every(({ path }) => fields.includes(String(path.at(-1))));
  }
}
