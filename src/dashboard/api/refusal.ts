import { t } from '../texts/text.ts';
import type { ServerError } from './request.ts';

interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * The server refused a request, or cannot be reached. The message is for the user who made the request: the server's,
 * which is English, or for UNREACHABLE one in the language in use.
 */
export class Refusal extends Error {
  readonly code: string;
  readonly #issues: readonly Issue[];

  /** @param errors of the server's answer; undefined if there is none */
  constructor(errors: readonly ServerError[] | undefined) {
    const first = errors?.[0];
    super(first?.message ?? t('names.error.UNREACHABLE'));
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
