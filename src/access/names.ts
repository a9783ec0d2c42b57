import { createHash } from 'node:crypto';
import { isStorable } from '../domain/storable.ts';

/**
 * Callers' names, to which their events belong. Keys, tokens and this machine have names in spaces of their own: no key
 * can be named so that it shares the events of a token's subject.
 */

/** Who works on this machine while there are no keys. */
export const localName = 'local';

/** Of the column for an event's reporter. */
const longest = 200;

export const nameOfKey = (name: string): string =>
  /^(jwt[:#]|key:|local$)/.test(name) ? `key:${name}` : name;

/** What cannot be stored, or is too long, is hashed. As JSON, which tells halves of surrogates apart where UTF-8 does not. */
export function nameOfSubject(subject: string): string {
  const name = `jwt:${subject}`;
  if (name.length <= longest && isStorable(name)) return name;
  return `jwt#${createHash('sha256').update(JSON.stringify(subject)).digest('hex')}`;
}
