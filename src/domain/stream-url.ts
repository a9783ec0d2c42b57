/** Addresses of camera streams, and how their credentials are kept out of everything that leaves the server. */

const credentials = /\b(rtsps?:\/\/)[^\s/?#]*@/gi;

/** The text with the user name and the password of every stream address in it taken out. */
export function scrubCredentials(text: string): string {
  return text.replace(credentials, '$1');
}

/**
 * What is wrong with a stream address, as a sentence, or undefined when nothing is. Only rtsp:// and rtsps://
 * addresses with a host pass: ffmpeg would open files and many other protocols if it were asked to.
 */
export function streamUrlProblem(address: string): string | undefined {
  const expected = 'Expected an address like rtsp://user:password@192.0.2.10:554/stream.';
  if (address.length > 2000)
    return `The address is ${address.length} characters long; at most 2000 are allowed.`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (/[\u0000-\u0020\u007f]/.test(address))
    return `The address holds a space or a control character. ${expected}`;
  if (!/^rtsps?:\/\//i.test(address))
    return `The address does not begin with rtsp:// or rtsps://. ${expected}`;
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return `The address cannot be parsed. ${expected}`;
  }
  if (!url.hostname) return `The address names no host. ${expected}`;
  return undefined;
}
