// A line between two programs: a TCP proxy that stops carrying bytes on command, as when a cable is unplugged.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Line {
  /** The port of 127.0.0.1 that leads over the line. */
  readonly port: number;
  /** From now on no byte passes. Connections stay open, and new ones are accepted without an answer. */
  cut(): void;
  /** Resolves once bytes with this text have passed on the way there. */
  sent(text: string): Promise<void>;
  /** Carries everything again, also what was sent meanwhile. */
  mend(): void;
  close(): Promise<void>;
}

/** @param toPort the port of 127.0.0.1 to which the line leads; if nobody listens there, connections are closed */
export async function startLine(toPort: number): Promise<Line> {
  const ends = new Set<Socket>();
  let isCut = false;
  const awaited = new Set<{ readonly text: string; readonly passed: () => void }>();

  const server = createServer((near) => {
    const far = connect(toPort, '127.0.0.1');
    const end = () => {
      near.destroy();
      far.destroy();
    };
    for (const [from, to] of [[near, far] as const, [far, near] as const]) {
      ends.add(from);
      from.on('data', (bytes) => {
        to.write(bytes);
        if (from === near) for (const it of awaited) if (bytes.includes(it.text)) it.passed();
      });
      if (isCut) from.pause();
      from.on('error', end).on('close', () => {
        ends.delete(from);
        end();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sent: (text) =>
      new Promise((resolve) => {
        const waiting = {
          text,
          passed() {
            awaited.delete(waiting);
            resolve();
          },
        };
        awaited.add(waiting);
      }),
    cut() {
      isCut = true;
      for (const end of ends) end.pause();
    },
    mend() {
      isCut = false;
      for (const end of ends) end.resume();
    },
    async close() {
      for (const end of ends) end.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
