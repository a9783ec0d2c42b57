/** Stream addresses: parsing, and masking of passwords. */

/** The parts of a stream address. */
export interface StreamUrl {
  readonly scheme: 'rtsp' | 'rtsps';
  /** A name (in ASCII), an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Percent-decoded, may be empty. undefined: the address has no user information. */
  readonly user: string | undefined;
  /** Percent-decoded, may be empty. undefined: the address has no user information. */
  readonly password: string | undefined;
  /** Path and query as an RTSP request names them: ASCII, beginning with / or ?, or empty. */
  readonly path: string;
}

const defaultPorts = { rtsp: 554, rtsps: 322 };
const example = 'Expected an address like rtsp://user:password@192.0.2.10:554/stream.';
const inUserInfo = 'In a user name or a password write';

/** Shown instead of a password. */
const hidden = '***';

/**
 * Matches passwords in query parameters and inside paths, as in XMEye's `/user=admin&password=x&channel=1` and
 * `/user=admin_password=x_channel=1`. Whatever stands between `=` and the next `&`, white space, `_channel=` or
 * `_stream=` counts as the password: rather too much is hidden than too little.
 */
const secretParameter =
  /((?:pass|loginpas|pwd|psw|secret|token|auth|(?<![a-z0-9])pw)[\w.-]{0,20}=)[^& \t\r\n\v\f]*?(?=_(?:channel|stream)=|[& \t\r\n\v\f]|$)/gi;

/**
 * Matches an address within other text, up to the next ASCII white space. New addresses contain no white space; those
 * that are stored already may contain other white space.
 */
const addressInText = /rtsps?:\/\/[^ \t\r\n\v\f]*/gi;

/** Shown instead of an address whose seal cannot be opened (db/seal.ts). */
export const unreadableUrl = 'sealed:unreadable';

/**
 * Parses a stream address.
 * @throws Error if the text is no address or is ambiguous; the message is for people and quotes nothing of the address
 */
export function parseStreamUrl(address: string): StreamUrl {
  if (address === unreadableUrl)
    throw new Error(
      'The address is sealed with a key that this server does not have. Restore the key (SECRET_KEY, or the file secret-key in DATA_DIR), or enter the address anew.',
    );
  if (address.length > 2000)
    throw new Error(`The address is ${address.length} characters long; at most 2000 are allowed.`);
  if (/[\s\p{Cc}\p{Surrogate}\uFEFF]/u.test(address))
    throw new Error(
      `The address holds white space or a control character. ${inUserInfo} a space as %20. ${example}`,
    );
  const [, scheme, authority = '', rest = ''] = /^(rtsps?):\/\/([^/?#]*)(.*)$/i.exec(address) ?? [];
  if (!scheme) throw new Error(`The address does not begin with rtsp:// or rtsps://. ${example}`);
  if (rest.includes('#')) throw new Error(`The address holds a #. ${inUserInfo} # as %23. ${example}`);
  if (rest.includes('@'))
    throw new Error(
      `The address holds an @ after a / or ?, so it is not clear where its host is. ${inUserInfo} / as %2F and ? as %3F; after the host write @ as %40.`,
    );
  const at = authority.lastIndexOf('@');
  const [, named = '', digits = ''] =
    /^(\[[^[\]]*\]|[^[\]:\\%]*)(?::(\d*))?$/.exec(authority.slice(at + 1)) ?? [];
  const lowered = scheme.toLowerCase() as 'rtsp' | 'rtsps';
  const port = digits ? Number(digits) : defaultPorts[lowered];
  const host = hostOf(named);
  if (host === undefined || port < 1 || port > 65_535)
    throw new Error(
      `The address names no host, or no port from 1 to 65535, after the user name and the password. ${inUserInfo} / as %2F, ? as %3F and # as %23. ${example}`,
    );
  return { scheme: lowered, host, port, ...userInfo(authority, at), path: inAscii(rest) };
}

/**
 * The host as it is looked up; undefined if it is invalid. URL validates hosts only with schemes that it knows, like
 * `http:`.
 */
function hostOf(named: string): string | undefined {
  try {
    return new URL(`http://${named}/`).hostname.replace(/^\[|\]$/g, '') || undefined;
  } catch {
    // The name is not that of a host.
    return undefined;
  }
}

function userInfo(authority: string, at: number): Pick<StreamUrl, 'user' | 'password'> {
  if (at < 0) return { user: undefined, password: undefined };
  const text = authority.slice(0, at);
  const colon = text.includes(':') ? text.indexOf(':') : text.length;
  try {
    return {
      user: decodeURIComponent(text.slice(0, colon)),
      password: decodeURIComponent(text.slice(colon + 1)),
    };
  } catch {
    // The message of decodeURIComponent, "URI malformed", would not help anybody.
    throw new Error(
      `The user name or the password holds a % that begins no character of UTF-8. ${inUserInfo} % as %25.`,
    );
  }
}

/**
 * Percent-encodes all but visible ASCII characters, because a request allows no others. Percent signs stay as they are.
 */
function inAscii(path: string): string {
  return path.replace(/[^\x21-\x7e]+/g, encodeURIComponent);
}

/**
 * The address as people may see it: without user information, and with `***` instead of passwords in parameters. The
 * result contains no password even if the address cannot be parsed. Masking a masked address changes nothing.
 */
export function maskStreamUrl(address: string): string {
  const scheme = /^rtsps?:\/\//i.exec(address)?.[0] ?? '';
  const at = address.lastIndexOf('@');
  const rest = at < scheme.length ? address.slice(scheme.length) : address.slice(at + 1);
  return scheme + hidePasswords(rest);
}

/** Whether the address contains a masked password, so that the password itself is unknown. */
export function isMasked(address: string): boolean {
  return [...address.matchAll(secretParameter)].some(([all, name]) => all === name + hidden);
}

/** Masks every stream address and every password parameter in a text. */
export function scrubCredentials(text: string): string {
  return hidePasswords(text.replace(addressInText, maskStreamUrl));
}

function hidePasswords(text: string): string {
  return text.replace(secretParameter, `$1${hidden}`);
}
