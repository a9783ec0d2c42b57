import { GraphQLError, type ValueNode, valueFromASTUntyped } from 'graphql';
import { hasYear } from '../usecases/input.ts';
import { builder } from './builder.ts';

/** RFC 3339, section 5.6: a date, a time and an offset, none of which may be missing. */
const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

function parseDateTime(value: unknown): Date {
  const date = typeof value === 'string' && rfc3339.test(value) ? new Date(value) : undefined;
  if (!date || !hasYear(date)) {
    throw new GraphQLError(
      `${JSON.stringify(value)} is not a date-time; expected one like "2026-11-22T20:15:00.000Z".`,
    );
  }
  return date;
}

builder.scalarType('DateTime', {
  description: 'A point in time in the format of RFC 3339, in UTC with milliseconds.',
  specifiedByURL: 'https://www.rfc-editor.org/rfc/rfc3339',
  serialize: (date) => date.toISOString(),
  parseValue: parseDateTime,
});

builder.scalarType('BigInt', {
  description: 'A whole number that may need more than 32 bits, as a JSON integer.',
  serialize: (value) => Number(value),
  parseValue: (value) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
      throw new GraphQLError(`${JSON.stringify(value)} is not a whole number of at most 53 bits.`);
    }
    return BigInt(value);
  },
});

builder.scalarType('JSON', {
  description: 'Any JSON value.',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node: ValueNode, variables) => valueFromASTUntyped(node, variables),
});

builder.scalarType('URL', {
  description: 'An absolute URL.',
  serialize: (value) => value,
  parseValue: (value) => {
    if (typeof value !== 'string' || !URL.canParse(value)) {
      throw new GraphQLError(`${JSON.stringify(value)} is not an absolute address.`);
    }
    return value;
  },
});
