import { lookup } from 'node:dns/promises';
import { parseStreamUrl } from '../domain/stream-url.ts';
import { isPublicAddress } from '../rtsp/public-address.ts';

/**
 * The address with the host name looked up: the static Linux builds of ffmpeg crash (SIGSEGV) on any name,
 * because they cannot load the system's resolver. ffmpeg is given what was checked here, not a name that could be
 * looked up differently a second time.
 * @param privateCameras whether the address may be one of this machine or of a private network
 * @throws Error where the address cannot be taken apart, the name is not found or the address is not allowed
 */
export async function withAddress(address: string, privateCameras: boolean): Promise<string> {
  const { scheme, host, port, user, password, path } = parseStreamUrl(address);
  const found = await lookup(host).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`The camera's host name ${host} cannot be found (${error.code}).`);
  });
  if (!privateCameras && !isPublicAddress(found.address)) {
    throw new Error(`The camera's address ${found.address} is private, which PRIVATE_CAMERAS=false forbids.`);
  }
  const credentials =
    user === undefined ? '' : `${encodeURIComponent(user)}:${encodeURIComponent(password ?? '')}@`;
  const numeric = found.family === 6 ? `[${found.address}]` : found.address;
  return `${scheme}://${credentials}${numeric}:${port}${path}`;
}
