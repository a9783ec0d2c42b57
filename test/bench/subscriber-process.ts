// Many subscribers in a process of their own that cost as little as possible, so that the figures show the server.
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export interface SubscribersWanted {
  readonly port: number;
  readonly count: number;
  readonly query: string;
}

/** How many sockets connect concurrently. */
const opening = 100;
const opcodes = { text: 0x1, ping: 0x9, pong: 0xa } as const;
/** Shared by all sockets, and overwritten by each read. */
const shared = Buffer.alloc(64 * 1024);

/** When each awaited frame arrived, in milliseconds of the machine's monotonic clock. */
let times: number[] = [];
let awaited = 0;

process.on('message', async (message: SubscribersWanted | { awaiting: number }) => {
  if ('awaiting' in message) {
    times = [];
    awaited = message.awaiting;
    process.send!('waiting');
    return;
  }
  for (let opened = 0; opened < message.count; opened += opening) {
    const some = Math.min(opening, message.count - opened);
    await Promise.all(Array.from({ length: some }, () => open(message)));
  }
  process.send!('open');
});
process.on('disconnect', () => process.exit());

/** Resolves when it has subscribed. */
function open({ port, query }: SubscribersWanted): Promise<void> {
  return new Promise((resolve, reject) => {
    let answered: 'nothing' | 'handshake' | 'all' = 'nothing';
    let rest: Buffer | undefined;
    const onFrame = (opcode: number, payload: Buffer) => {
      if (opcode === opcodes.ping) return send(socket, opcodes.pong, payload);
      if (opcode !== opcodes.text) return;
      if (answered === 'all') return count();
      answered = 'all';
      const subscribe = JSON.stringify({ id: '1', type: 'subscribe', payload: { query } });
      send(socket, opcodes.text, Buffer.from(subscribe));
      resolve();
    };
    const onData = (read: Buffer) => {
      let data = rest ? Buffer.concat([rest, read]) : read;
      if (answered === 'nothing') {
        const end = data.indexOf('\r\n\r\n');
        if (end >= 0) {
          answered = 'handshake';
          send(socket, opcodes.text, Buffer.from('{"type":"connection_init"}'));
          data = data.subarray(end + 4);
        }
      }
      const taken = answered === 'nothing' ? 0 : eachFrame(data, onFrame);
      rest = taken < data.length ? Buffer.from(data.subarray(taken)) : undefined;
    };
    const onread = {
      buffer: shared,
      callback: (bytes: number) => {
        onData(shared.subarray(0, bytes));
        return true;
      },
    };
    const socket = connect({ host: '127.0.0.1', port, onread }, () =>
      socket.write(
        [
          'GET /graphql HTTP/1.1',
          `Host: 127.0.0.1:${port}`,
          'Connection: Upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 13',
          `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
          'Sec-WebSocket-Protocol: graphql-transport-ws',
          '\r\n',
        ].join('\r\n'),
      ),
    );
    socket.once('error', reject);
  });
}

function count(): void {
  times.push(Number(process.hrtime.bigint()) / 1e6);
  if (times.length === awaited) process.send!(times);
}

/**
 * Reads frames of RFC 6455 5.2 as servers send them: not masked, not fragmented.
 * @returns how many bytes were whole frames
 */
function eachFrame(data: Buffer, onFrame: (opcode: number, payload: Buffer) => void): number {
  let at = 0;
  while (at + 2 <= data.length) {
    const short = data[at + 1]!;
    const head = short < 126 ? 2 : 4;
    if (short === 127 || at + head > data.length) break;
    const end = at + head + (head === 2 ? short : data.readUInt16BE(at + 2));
    if (end > data.length) break;
    onFrame(data[at]! & 0xf, data.subarray(at + head, end));
    at = end;
  }
  return at;
}

/** Masked with zeros, which leaves the payload unchanged. */
function send(socket: Socket, opcode: number, payload: Buffer): void {
  const { length } = payload;
  const size = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff];
  socket.write(Buffer.concat([Buffer.from([0x80 | opcode, ...size, 0, 0, 0, 0]), payload]));
}
