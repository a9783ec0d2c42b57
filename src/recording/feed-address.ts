import { lookup } from 'node:dns/promises';

/**
 * The address with the host name looked up: the static Linux builds of ffmpeg crash (SIGSEGV) on any name,
 * because they cannot load the system's resolver.
 */
export async function withAddress(address: string): Promise<string> {
  const url = new URL(address);
  const bare = url.hostname.replace(/^\[|\]$/g, '');
  const found = await lookup(bare).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`The camera's host name ${bare} cannot be found (${error.code}).`);
  });
  if (found.address === bare) return address;
  url.hostname = found.family === 6 ? `[${found.address}]` : found.address;
  return url.href;
}
