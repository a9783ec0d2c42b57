import ipaddr from 'ipaddr.js';

/** The part of IPv6 that is assigned to the public network (RFC 4291, 2.4; IANA's global unicast assignments). */
const globalUnicast = ipaddr.IPv6.parse('2000::');

/**
 * Whether an address belongs to the public network: not to this machine, its links, private networks, multicast, or
 * another special purpose (RFC 6890) such as translation to IPv4, which can reach any address.
 * @param address an IP address, not a name; IPv4 inside IPv6 (::ffff:0:0/96) counts as the IPv4 address
 */
export function isPublicAddress(address: string): boolean {
  // Addresses like ::a.b.c.d, which are deprecated (RFC 4291, 2.5.5.1), are not public: ipaddr.js would read them as
  // ::ffff:a.b.c.d.
  if (!ipaddr.isValid(address) || /^::[\d.]+$/.test(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv4' || parsed.match(globalUnicast, 3);
}
