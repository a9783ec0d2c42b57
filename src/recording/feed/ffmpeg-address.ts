import { lookup } from 'node:dns/promises';
import { parseStreamUrl } from '../../domain/stream-url.ts';

/**
 * Replaces the host name by its IP address. The static Linux builds of ffmpeg crash (SIGSEGV) on any host name,
 * because they cannot load the system's resolver.
 * @throws Error if the address is malformed or the name is not found
 */
export async function withAddress(address: string): Promise<string> {
  const { scheme, host, port, user, password, path } = parseStreamUrl(address);
  const found = await lookup(host).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`The camera’s host name ${host} cannot be found (${error.code}).`);
  });
  const credentials =
    user === undefined ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(password ?? '')}@`;
  const numeric = found.family === 6 ? `[${found.address}]` : found.address;
  return `${scheme}://${credentials}${numeric}:${port}${path}`;
}
