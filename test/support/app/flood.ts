// Attacks on a server from a process of their own: flood.ts NAME URL [KEY]. Prints "done" when everything has been
// sent.
import { once, setMaxListeners } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';

const [name, url, key] = process.argv.slice(2) as [string, string, string | undefined];
const { port } = new URL(url);
const graphql = `${url.replace('http', 'ws')}/graphql`;

/** Sends a request and reads nothing of the answer. */
async function sendUnread(request: string | Buffer): Promise<Socket> {
  const socket = connect(Number(port), '127.0.0.1').pause();
  socket.on('error', () => {});
  await once(socket, 'connect').catch(() => {});
  socket.write(request);
  return socket;
}

const head = (method: string, more = '') =>
  `${method} /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\n${more}`;

function post(query: string, variables?: object): string {
  const body = JSON.stringify({ query, variables });
  const length = Buffer.byteLength(body);
  return `${head('POST', `content-type: application/json\r\ncontent-length: ${length}\r\n`)}\r\n${body}`;
}

/** A socket that is not read after it is open, or after it is acknowledged if there is a key. */
async function openUnread(): Promise<WebSocket | undefined> {
  const socket = new WebSocket(graphql, 'graphql-transport-ws');
  setMaxListeners(0, socket);
  socket.on('error', () => {});
  const isOpen = await Promise.race([
    once(socket, 'open').then(
      () => true,
      () => false,
    ),
    once(socket, 'close').then(() => false),
  ]);
  if (!isOpen) return undefined;
  if (key) {
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }));
    await Promise.race([once(socket, 'message'), once(socket, 'close')]);
  }
  socket.pause();
  return socket;
}

async function say(socket: WebSocket, message: string): Promise<void> {
  if (socket.readyState !== socket.OPEN) return;
  await Promise.race([
    new Promise((resolve) => socket.send(message, resolve)),
    once(socket, 'close'),
    new Promise((resolve) => setTimeout(resolve, 1_000)),
  ]);
}

const times = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n));
const each = (count: number, make: (n: number) => Promise<unknown>) => Promise.all(times(count, make));
const aliases = (selection: string) => `{ ${times(50, (n) => `a${n}: ${selection}`).join(' ')} }`;

const floods: Record<string, () => Promise<unknown>> = {
  pages: () =>
    each(250, () => sendUnread('GET /graphql HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\n\r\n')),

  async pings() {
    const ping = JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(250_000) } });
    await each(60, async () => {
      const socket = await openUnread();
      for (let n = 0; socket && n < 60; n++) await say(socket, ping);
    });
  },

  /** Messages that never end. */
  async fragments() {
    await each(400, async () => {
      const socket = await openUnread();
      for (let n = 0; socket && n < 4; n++) {
        if (socket.readyState !== socket.OPEN) return;
        socket.send('x'.repeat(60_000), { fin: false });
      }
    });
  },

  metadata: () => each(100, () => sendUnread(post(aliases('events(first: 100) { nodes { metadata } }')))),

  /** The highest cost that is allowed for a document. */
  metadataWithinCost: () =>
    each(100, () => {
      const fields = times(9, (n) => `a${n}: events(first: 100) { nodes { metadata } }`).join(' ');
      return sendUnread(post(`{ ${fields} }`));
    }),

  descriptions: () =>
    each(100, () => sendUnread(post(aliases('events(first: 100) { nodes { label description } }')))),

  pipelined: () =>
    each(20, () => sendUnread(post('{ events(first: 50) { nodes { metadata } } }').repeat(12))),

  async subscriptions() {
    const query =
      'subscription($s: [RecordingStatus!]) { playbackStatusChanged(filter: { recordingStatus: $s }) { to } }';
    const statuses = times(20_000, () => 'FAILED');
    await each(20, async (socketNumber) => {
      const socket = await openUnread();
      for (let n = 0; socket && n < 100; n++) {
        const variables = n % 2 ? { s: statuses } : { unused: statuses };
        const id = n % 3 ? `${n}` : `${n}${'x'.repeat(50_000)}`;
        const text = `${query} # ${socketNumber} ${n}`;
        await say(socket, JSON.stringify({ id, type: 'subscribe', payload: { query: text, variables } }));
      }
    });
  },

  /** The largest number of tokens that is allowed for a document, all of them different. */
  async distinct() {
    const fields = 'to from at cursor '.repeat(110);
    await each(40, async (socketNumber) => {
      const socket = await openUnread();
      for (let n = 0; socket && n < 100; n++) {
        const query = `subscription { playbackStatusChanged { ${fields} } } # ${socketNumber} ${n}`;
        await say(socket, JSON.stringify({ id: `${n}`, type: 'subscribe', payload: { query } }));
      }
    });
  },

  async documents() {
    const filling = 'x'.repeat(245_000);
    await each(1_100, (n) =>
      sendUnread(
        post(n % 2 ? `{ me { name } playback(id: "${filling}${n}") { id } }` : `{ me { ${filling}${n} `),
      ),
    );
  },

  variables: () =>
    each(600, () => sendUnread(post('query($c: JSON) { me { name } }', { c: times(80_000, () => ({})) }))),

  /** Bodies that never end. */
  bodies: () =>
    each(1_500, () =>
      sendUnread(
        `${head('POST', 'content-type: application/json\r\ncontent-length: 260000\r\n')}\r\n${'x'.repeat(250_000)}`,
      ),
    ),

  errors: () =>
    each(100, () =>
      sendUnread(
        post(`query($c: String) ${aliases('playbackConnection(after: $c) { nodes { id } }')}`, {
          c: 'A'.repeat(240_000),
        }),
      ),
    ),

  introspection: () =>
    each(300, () =>
      sendUnread(
        post(
          '{ __schema { types { name description fields { name description args { name description type { name } } type { name } } } } }',
        ),
      ),
    ),
};

await floods[name]!();
console.log('done');
setInterval(() => {}, 1_000);
