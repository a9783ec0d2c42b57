import type { CombinedError } from 'urql';

interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The server refused a request. The message is for the user who made it. */
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

  /** The error of one field of the input; undefined if there is none. */
  at(field: string): string | undefined {
    return this.#issues.find(({ path }) => path.at(-1) === field)?.message;
  }

  /** The first error in a field that has fields of its own; undefined if there is none. */
  within(field: string): string | undefined {
    return this.#issues.find(({ path }) => path.includes(field))?.message;
  }

  /** Whether every error belongs to one of these fields. */
  liesIn(fields: readonly string[]): boolean {
    return (
      this.#issues.length > 0 &&
      this.#issues.every(({ path }) => path.some((part) => fields.includes(String(part))))
    );
  }
}
