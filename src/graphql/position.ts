import type { Position } from '../db/transitions.ts';
import { badInput } from '../domain/errors.ts';

/** The largest value of PostgreSQL's bigint. */
const largest = 2n ** 63n - 1n;

/** Writes a position in the stream of transitions as a cursor, which is opaque to clients. */
export function writePosition({ xid, id }: Position): string {
  return Buffer.from(`${xid} ${id}`).toString('base64url');
}

/** @throws RequestError BAD_USER_INPUT for text that is not a cursor */
export function readPosition(cursor: string): Position {
  const match = /^(\d{1,19}) (\d{1,19})$/.exec(Buffer.from(cursor, 'base64url').toString());
  const [xid, id] = [BigInt(match?.[1] ?? -1), BigInt(match?.[2] ?? -1)];
  if (match && xid <= largest && id <= largest) return { xid, id };
  throw badInput([
    { path: ['after'], message: `"${cursor}" is not a cursor; expected the cursor of a transition.` },
  ]);
}
