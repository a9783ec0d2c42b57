/** The Transport header of SETUP (RFC 2326, 12.39). */

export interface TransportAnswer {
  /** Channels of the RTSP connection for RTP and RTCP. */
  readonly channels: readonly [number, number] | undefined;
  /** The camera's ports for RTP and RTCP. */
  readonly serverPorts: readonly [number, number] | undefined;
  /** Whether the camera chose UDP. */
  readonly isDatagram: boolean;
}

export function parseTransport(header: string): TransportAnswer {
  // The answer must name one transport. If it names several, the first counts.
  const [first = ''] = header.split(',');
  const channels = pairOf(first, 'interleaved', 255);
  const serverPorts = pairOf(first, 'server_port', 65_535);
  return { channels, serverPorts, isDatagram: !channels && (!!serverPorts || /client_port=/i.test(first)) };
}

/** The two numbers of a parameter. Some cameras name only the first one: then the second is the next number. */
function pairOf(header: string, name: string, max: number): readonly [number, number] | undefined {
  const [, first, second] =
    new RegExp(`\\b${name}\\s*=\\s*(\\d{1,5})(?:\\s*-\\s*(\\d{1,5}))?`, 'i').exec(header) ?? [];
  if (first === undefined) return undefined;
  const pair = [Number(first), Number(second ?? Number(first) + 1)] as const;
  return pair.every((number) => number <= max) ? pair : undefined;
}
