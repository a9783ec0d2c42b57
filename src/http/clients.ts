import type { IncomingMessage } from 'node:http';
import proxyAddr from 'proxy-addr';

const isLoopback = proxyAddr.compile('loopback');

/** Headers in which proxies name themselves or the client that they forward. */
const forwardingHeader =
  /^(via|forwarded|x-forwarded(-.*)?|x-(real|client|cluster-client|original)-ip|(cf-connecting|true-client|fastly-client)-ip)$/;

/** Where requests come from, behind proxies that are trusted (TRUSTED_PROXIES) as without any. */
export interface Clients {
  /** The client's IP address. What a proxy that is not trusted says about it does not count. */
  addressOf(request: IncomingMessage): string;
  /** Whether the request is certain to come from this machine: not through a proxy, or through one that is trusted. */
  isLocal(request: IncomingMessage): boolean;
}

/** @param trusted addresses and subnets, or the names that proxy-addr knows (loopback, linklocal, uniquelocal) */
export function knowClients(trusted: readonly string[]): Clients {
  const trust = proxyAddr.compile([...trusted]);
  const addressOf = (request: IncomingMessage): string => {
    try {
      return proxyAddr(request, trust);
    } catch {
      return ''; // the connection is gone, or the header names something that is no address
    }
  };
  /** Only X-Forwarded-For says where a request began; a trusted proxy that writes another header tells nothing. */
  const isUnclear = ({ headers, socket }: IncomingMessage): boolean =>
    Object.keys(headers).some((name) => forwardingHeader.test(name)) &&
    !(headers['x-forwarded-for'] && trust(socket.remoteAddress ?? '', 0));
  return {
    addressOf,
    isLocal(request) {
      const address = addressOf(request);
      return address !== '' && !isUnclear(request) && isLoopback(address, 0);
    },
  };
}
