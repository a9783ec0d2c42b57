import { z } from 'zod';
import { badInput, notFound, type RequestError } from '../domain/errors.ts';
import { isStorable } from '../domain/storable.ts';
import { isMasked, parseStreamUrl } from '../domain/stream-url.ts';

/**
 * Rules that the types of GraphQL cannot express: ranges, lengths and forms. A violation gives BAD_USER_INPUT with
 * issues.
 */

export const wholeNumber = (low: number, high: number) => {
  const expected = `Expected a whole number from ${low} to ${high}.`;
  return z.number(expected).int(expected).min(low, expected).max(high, expected);
};

export const textOf = (most: number) => {
  const expected = `Expected text of 1 to ${most} characters.`;
  return z.string(expected).refine((s) => s.trim().length > 0 && s.length <= most && isStorable(s), expected);
};

/**
 * The year is checked in UTC: with an offset, a date can lie outside the years that RFC 3339 and PostgreSQL can write.
 */
export const hasYear = (date: Date) => date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999;

/** A JSON value that PostgreSQL can hold. Its depth is limited, because reading it uses stack. */
export const jsonOf = (most: { bytes: number; levels: number }) =>
  z.unknown().superRefine((value, context) => {
    const problem =
      problemOfJson(value, most.levels) ??
      (Buffer.byteLength(JSON.stringify(value)) > most.bytes
        ? `at most ${most.bytes} bytes as JSON`
        : undefined);
    if (problem) context.addIssue({ code: 'custom', message: `Expected ${problem}.` });
  });

function problemOfJson(value: unknown, levels: number): string | undefined {
  if (typeof value === 'string' && !isStorable(value)) return 'text without NUL and without lone surrogates';
  if (typeof value === 'number' && !Number.isFinite(value)) return 'finite numbers';
  if (typeof value !== 'object' || value === null) return undefined;
  if (levels === 0) return 'fewer levels of lists and objects';
  for (const part of Array.isArray(value) ? value : Object.entries(value).flat()) {
    const problem = problemOfJson(part, levels - 1);
    if (problem) return problem;
  }
  return undefined;
}

/** @param shown the address with its passwords masked; it stands for the stored one */
export const streamUrl = (shown?: string) =>
  z.string().superRefine((address, context) => {
    if (address === shown) return;
    try {
      parseStreamUrl(address);
      if (isMasked(address))
        throw new Error('The address shows *** in place of a password. Write the password there.');
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  });

/**
 * Checks an input against its rules. Fields that are null count as left out.
 * @param path where the input is among the field's arguments
 * @throws RequestError BAD_USER_INPUT with an issue for each mistake
 */
export function validate<T extends z.ZodType>(
  rules: T,
  input: object,
  path: string[] = ['input'],
): z.output<T> {
  const given = Object.fromEntries(
    Object.entries(input).filter(([, value]) => value !== null && value !== undefined),
  );
  const result = rules.safeParse(given);
  if (result.success) return result.data;
  throw badInput(
    result.error.issues.map((issue) => ({
      path: [...path, ...(issue.path as (string | number)[])],
      message: issue.message,
    })),
  );
}

/** An error for one mistake in one field. */
export function badField(field: string, message: string, path: string[] = ['input']): RequestError {
  return badInput([{ path: [...path, field], message }]);
}

const fewIds = 'Expected 1 to 100 ids.';
/** Ids of one request: as many as the largest page of a list has. They may be malformed (isId). */
export const severalIds = z.array(z.string()).min(1, fewIds).max(100, fewIds);

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether the text is a UUID. PostgreSQL answers other texts with an internal error. */
export const isId = (id: string): boolean => uuid.test(id);

/**
 * The result of a look-up by id. Some languages write UUIDs in capitals, which do not matter (RFC 9562, 4). So callers
 * use the id of the row from here on, not the one that was given.
 * @throws RequestError NOT_FOUND
 */
export async function found<T>(
  noun: string,
  id: string,
  find: (id: string) => Promise<T | null | undefined>,
): Promise<T> {
  const it = isId(id) ? await find(id.toLowerCase()) : undefined;
  if (!it) throw notFound(noun, id);
  return it;
}

/** An id in a filter. An unknown id matches nothing; a malformed one is a mistake. */
export function filterId(field: string, id: string | null | undefined): string | undefined {
  if (id === null || id === undefined) return undefined;
  if (!isId(id)) throw badField(field, `"${id}" is not an id; expected a UUID.`, ['filter']);
  return id.toLowerCase();
}
