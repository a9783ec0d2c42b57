/** A proxy between Flashback and a server. It passes on all bytes and records the requests. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';

export interface Wire {
  readonly port: number;
  /** Methods and paths, like `PLAY /stream`, in the order of the requests. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

export async function wireTo(port: number): Promise<Wire> {
  const requests: string[] = [];
  const sockets = new Set<{ destroy(): unknown }>();
  const server = createServer((client) => {
    const camera = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [client, camera],
      [camera, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
    client.on('data', (bytes) => {
      for (const [, method, path] of bytes.toString('latin1').matchAll(request))
        requests.push(`${method} ${path}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    ...{ port: (server.address() as AddressInfo).port, requests },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const request = /(DESCRIBE|PLAY|TEARDOWN) rtsps?:\/\/[^/]+(\/[^ ?]*?)\/? RTSP\/1\.0\r\n/g;
