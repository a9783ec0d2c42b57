// Values that nodes send to each other arrive as they were.
import { expect, test } from 'vitest';
import { decodeValue, encodeValue } from '../../src/nodes/values.ts';

test.each([
  [
    'dates and big integers',
    { at: new Date(1_767_225_600_123), bytes: 2n ** 60n, list: [new Date(0), null] },
  ],
  ['what looks like a date', { metadata: { $date: 'yesterday', more: { $date: 7 } } }],
  ['what looks like a big integer', { metadata: [{ $bigint: 'many' }] }],
  ['what looks like entries', { $entries: { a: 1 }, at: new Date(5) }],
  ['nothing', null],
])('%s', (_, value) => {
  expect(decodeValue(encodeValue(value))).toEqual(value);
});

test('undefined arrives as null', () => {
  expect(decodeValue(encodeValue(undefined))).toBe(null);
});
