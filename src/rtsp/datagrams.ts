import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { RtspError } from './errors.ts';

/** The receive buffer: the size of a large keyframe, whose packets arrive at once. The system may grant less. */
const receiveBytes = 2 ** 20;
const maxAttempts = 20;
/** An RTP header without payload, of an unused type and source. */
const punch = Buffer.from([0x80, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
/** An empty receiver report (RFC 3550, 6.4.2). */
const punchControl = Buffer.from([0x80, 0xc9, 0, 1, 0, 0, 0, 0]);

export type OnDatagram = (bytes: Buffer, isControl: boolean) => void;

/** Two neighbouring ports, the even one for a track's RTP and the next for its RTCP (RFC 3550, 11). */
export class DatagramPair {
  /** The even port. */
  readonly port: number;
  readonly #sockets: readonly [Socket, Socket];
  readonly #camera: string;
  /** The camera's ports for RTP and RTCP: datagrams from them are taken, and RTCP is sent to the second one. */
  readonly #remotePorts: [number | undefined, number | undefined] = [undefined, undefined];
  readonly #hasSource = [false, false];
  #isClosed = false;

  /**
   * @param camera the IP address of the camera; datagrams of any other are dropped
   * @throws RtspError if no two neighbouring ports are free
   */
  static async open(camera: string, onDatagram: OnDatagram): Promise<DatagramPair> {
    const type = isIPv6(camera) ? 'udp6' : 'udp4';
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const first = await bind(type, 0);
      const { port } = first?.address() ?? { port: 0 };
      // The system may assign an even or an odd port: the other one of the pair is its neighbour.
      const second = first && (await bind(type, port ^ 1));
      if (first && second)
        return new DatagramPair(port % 2 === 0 ? [first, second] : [second, first], camera, onDatagram);
      first?.close();
    }
    throw new RtspError('TRANSPORT_REFUSED', 'UDP: no two neighbouring ports are free here');
  }

  private constructor(sockets: readonly [Socket, Socket], camera: string, onDatagram: OnDatagram) {
    this.#sockets = sockets;
    this.#camera = camera;
    this.port = sockets[0].address().port;
    sockets.forEach((socket, i) => {
      // Errors are ignored: an error loses one datagram, and any datagram may be lost anyway.
      socket.on('error', () => {});
      socket.on('message', (bytes, from) => {
        if (this.#isCamera(i, from)) onDatagram(bytes, i === 1);
      });
    });
  }

  /**
   * Sends datagrams to the camera: then firewalls let the camera's datagrams in.
   * @param ports the ports from which the camera said it sends
   */
  begin(ports: readonly [number, number] | undefined): void {
    if (ports === undefined) return;
    this.#remotePorts[0] = ports[0];
    this.#remotePorts[1] = ports[1];
    this.#send(0, punch);
    this.#send(1, punchControl);
  }

  /** Does nothing once the pair is closed: a session may end by itself while its reader is about to send a report. */
  sendControlPacket(bytes: Buffer): void {
    this.#send(1, bytes);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const socket of this.#sockets) socket.close();
  }

  /**
   * Whether a datagram comes from the camera. The port of its first datagram is the camera's port, whatever its answer
   * to SETUP said.
   */
  #isCamera(i: number, { address, port }: RemoteInfo): boolean {
    if (address.replace(/%.*$/, '') !== this.#camera) return false;
    if (this.#hasSource[i]) return port === this.#remotePorts[i];
    this.#hasSource[i] = true;
    this.#remotePorts[i] = port;
    return true;
  }

  #send(i: number, bytes: Buffer): void {
    const port = this.#remotePorts[i];
    // Node throws if a closed socket is used.
    if (port && !this.#isClosed) this.#sockets[i]!.send(bytes, port, this.#camera, () => {}); // the next report is sent in a few seconds
  }
}

/** @returns undefined if the port is taken */
async function bind(type: 'udp4' | 'udp6', port: number): Promise<Socket | undefined> {
  const socket = createSocket({ type, recvBufferSize: receiveBytes });
  try {
    socket.bind(port);
    await once(socket, 'listening');
    return socket;
  } catch {
    // If another program uses the port, the caller tries another.
    socket.close();
    return undefined;
  }
}
