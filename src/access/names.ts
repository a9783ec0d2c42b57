import { createHash } from 'node:crypto';
import { isStorable } from '../domain/storable.ts';

/**
 * Names of callers. Events belong to a name. Keys, tokens and this machine have separate name spaces. So nobody can get
 * at the events of a token's subject by giving a key the same name.
 */

/** The name of every caller while there are no keys. */
export const localName = 'local';

/** The length of the column for the name of an event's reporter. */
const longest = 200;

export const nameOfKey = (name: string): string =>
  /^(jwt[:#]|key:|local$)/.test(name) ? `key:${name}` : name;

/**
 * The name of a token's subject. A subject that cannot be stored or is too long is hashed. It is hashed as JSON,
 * because UTF-8 would encode all unpaired surrogates alike.
 */
export function nameOfSubject(subject: string): string {
  const name = `jwt:${subject}`;
  if (name.length <= longest && isStorable(name)) return name;
  return `jwt#${createHash('sha256').update(JSON.stringify(subject)).digest('hex')}`;
}
