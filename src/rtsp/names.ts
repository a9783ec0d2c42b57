import type { LookupAddress } from 'node:dns';
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { LRUCache } from 'lru-cache';
import { RtspError } from './errors.ts';

export type Lookup = (host: string) => Promise<readonly LookupAddress[]>;

/**
 * How many look-ups run at a time. The system's resolver uses Node's four threads, which also write the spools, and a
 * look-up at a dead name server blocks one of them.
 */
const atOnce = 2;
const keptMs = 30_000;
const timeoutMs = 5000;

/**
 * Looks host names up, a few at a time, and keeps each answer for half a minute, because lost cameras are looked up
 * often. Look-ups of the same name at the same time share one.
 */
export function createLookup(lookup: Lookup = systemNames): Lookup {
  const known = new LRUCache<string, Promise<readonly LookupAddress[]>>({ max: 4096, ttl: keptMs });
  const waiting: (() => void)[] = [];
  let running = 0;
  const limited = async (host: string): Promise<readonly LookupAddress[]> => {
    if (running < atOnce) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await lookup(host);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
  return async (host) => {
    const kept = known.get(host);
    if (kept) return kept;
    const found = limited(host);
    known.set(host, found);
    found.catch(() => {
      // The caller gets the error. Only answers are kept.
      if (known.peek(host) === found) known.delete(host);
    });
    return found;
  };
}

const systemNames: Lookup = (host) => systemLookup(host, { all: true, order: 'verbatim' });

/**
 * The addresses of a host in the system's order, IPv6 and IPv4 alternating (RFC 8305, 4).
 * @throws RtspError if there is none within 5 s
 */
export async function addressesOf(host: string, lookup: Lookup = systemNames): Promise<readonly string[]> {
  if (isIP(host)) return [host];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error(), { code: 'no answer in time' })), timeoutMs);
  });
  try {
    return alternating(await Promise.race([lookup(host), late]));
  } catch (error) {
    throw new RtspError(
      'NAME_NOT_FOUND',
      `${host} cannot be found (${(error as NodeJS.ErrnoException).code})`,
    );
  } finally {
    clearTimeout(timer);
  }
}

function alternating(found: readonly LookupAddress[]): string[] {
  const first = found.filter(({ family }) => family === found[0]?.family);
  const second = found.filter(({ family }) => family !== found[0]?.family);
  const pairs = Array.from({ length: Math.max(first.length, second.length) }, (_, i) => [
    first[i],
    second[i],
  ]);
  return pairs.flat().flatMap((one) => (one ? [one.address] : []));
}
