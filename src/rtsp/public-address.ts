import ipaddr from 'ipaddr.js';

/** Of IPv6 only this is given out for the public network (RFC 4291, 2.4; IANA's global unicast assignments). */
const globalUnicast = ipaddr.IPv6.parse('2000::');

/**
 * Whether an address is one of the public network: none of this machine, its links, private networks, multicast, or of
 * another special purpose (RFC 6890), as translation to IPv4 is, which leads anywhere.
 * @param address an IP address, not a name; IPv4 inside IPv6 (::ffff:0:0/96) counts as what it is
 */
export function isPublicAddress(address: string): boolean {
  // ipaddr.js takes ::a.b.c.d, which leads nowhere any more (RFC 4291, 2.5.5.1), for ::ffff:a.b.c.d.
  if (!ipaddr.isValid(address) || /^::[\d.]+$/.test(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv4' || parsed.match(globalUnicast, 3);
}
