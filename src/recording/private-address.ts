import { BlockList } from 'node:net';

/** This machine, its links and private networks: IANA's special-purpose registries (RFC 6890, RFC 4193, RFC 4291). */
const ranges: readonly [string, number, 'ipv4' | 'ipv6'][] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['::', 127, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
];

const own = new BlockList();
for (const [network, prefix, family] of ranges) own.addSubnet(network, prefix, family);

/** @param address an IP address, not a name; IPv4 inside IPv6 counts as what it is */
export function isPrivateAddress(address: string): boolean {
  const inside = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = (inside ?? address).replace(/%.*$/, '');
  return own.check(plain, plain.includes(':') ? 'ipv6' : 'ipv4');
}
