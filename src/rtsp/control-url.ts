/**
 * URLs that only stand in requests: they name the stream and its tracks. dial.ts decides to which address a connection
 * is made.
 */

import type { StreamUrl } from '../domain/stream-url.ts';

const defaultPort = { rtsp: 554, rtsps: 322 };

/** The URL of a request: the host as a person gave it, without user name and password. */
export function requestUrl({ scheme, host, port, path }: StreamUrl): string {
  const named = host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${named}${port === defaultPort[scheme] ? '' : `:${port}`}${path}`;
}

/**
 * The URL to which a description's relative controls are appended: a usable Content-Base, otherwise the requested URL.
 * @param given the Content-Base or Content-Location of the answer, which cameras write in many wrong ways
 * @param asked the URL of the DESCRIBE
 */
export function baseUrl(given: string | undefined, asked: string): string {
  const text = given?.trim();
  if (!text || !/^[\x21-\x7e]+$/.test(text)) return asked;
  const [, root = ''] = /^(\w+:\/\/[^/?]*)/.exec(asked) ?? [];
  if (text.startsWith('/')) return root + text;
  const [, scheme, rest = ''] = /^(?:(rtsps?):\/\/)*(.*)$/i.exec(text) ?? [];
  const [, authority = '', path = ''] = /^([^/?]*)(.*)$/.exec(rest) ?? [];
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  // The host is not usable: it is neither a name or IPv4 address nor an IPv6 address in brackets, with or without a
  // port.
  if (!/^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d+)?$/i.test(host)) return root + path;
  const isHost = scheme !== undefined || /[.:]/.test(host);
  return isHost ? `${scheme?.toLowerCase() ?? root.split(':')[0]}://${host}${path}` : asked;
}

/** The URL of a control attribute: absolute, `*` for the base itself, otherwise appended to the base. */
export function controlUrl(base: string, control: string | undefined): string {
  const text = control?.trim() ?? '*';
  if (text === '*' || text === '' || !/^[\x21-\x7e]+$/.test(text)) return base;
  if (/^rtsps?:\/\//i.test(text)) return text.replace(/^(rtsps?:\/\/)[^/?]*@/i, '$1');
  return base + (base.endsWith('/') || /^[/?]/.test(text) ? '' : '/') + text;
}
