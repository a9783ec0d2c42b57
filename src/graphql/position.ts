import type { Position } from '../db/transitions.ts';
import { badInput } from '../domain/errors.ts';

/** A position in the stream of transitions as clients carry it: opaque to them. */
export function writePosition({ xid, id }: Position): string {
  return Buffer.from(`${xid} ${id}`).toString('base64url');
}

/** @throws RequestError BAD_USER_INPUT for text that is no cursor */
export function readPosition(cursor: string): Position {
  const match = /^(\d{1,18}) (\d{1,18})$/.exec(Buffer.from(cursor, 'base64url').toString());
  if (match) return { xid: BigInt(match[1]!), id: BigInt(match[2]!) };
  throw badInput([
    { path: ['after'], message: `"${cursor}" is not a cursor; expected the cursor of a transition.` },
  ]);
}
