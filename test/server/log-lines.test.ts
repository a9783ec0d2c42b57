// The server's output while clients misbehave: every line is JSON, and nothing that clients do is logged as an error.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { connectClient } from '../support/app/client.ts';
import { createTestDatabase } from '../support/database/database.ts';
import { runProgram } from '../support/processes/program.ts';

const sockets = 120;

/** Opens sockets that subscribe to `query`, and that can be cut without a close frame and with unread data. */
async function subscribers(url: string, query: string) {
  const open = Array.from({ length: sockets }, () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    socket.on('error', () => {});
    return socket;
  });
  await Promise.all(
    open.map(async (socket) => {
      await once(socket, 'open');
      socket.send(JSON.stringify({ type: 'connection_init' }));
      await once(socket, 'message');
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
    }),
  );
  return open as (WebSocket & { _socket: { resetAndDestroy(): void; pause(): void } })[];
}

const closed = (socket: WebSocket) => new Promise((resolve) => socket.once('close', resolve));

/** Sends the beginning of a request and disconnects. */
async function leaveAfter(port: number, text: string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(text);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
  socket.resetAndDestroy();
}

test('every line is JSON, and clients that leave or send malformed data cause no errors', async () => {
  const database = await createTestDatabase();
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-lines-'));
  const env = {
    DATA_DIR: dir,
    DATABASE_URL: database.url,
    PORT: '0',
    SPOOL_MIN_FREE_BYTES: '0',
    DRAIN_SEC: '0',
  };
  // Libraries sometimes use the console.
  const library = 'process.on("SIGUSR2",()=>{console.error("printed");process.emitWarning("warned")})';
  const nodeOptions = `--import data:text/javascript,${encodeURIComponent(library)}`;
  const child = runProgram('src/main.ts', [], { ...env, NODE_OPTIONS: nodeOptions, LOG_LEVEL: 'debug' });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await database.drop();
    await rm(dir, { recursive: true, force: true });
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const ready = () => /"url":"(http:[^"]+)".*"msg":"ready"/.exec(output)?.[1];
  while (!ready())
    await Promise.race([once(child.stdout!, 'data'), once(child, 'close').then(() => expect.fail(output))]);
  const url = ready()!;
  const port = Number(new URL(url).port);
  const client = connectClient(url);
  const input = { name: 'Camera', rtspUrl: 'rtsp://127.0.0.1:9/none', enabled: false };
  const creating = 'mutation($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }';
  const { createCamera } = await client.run<{ createCamera: { camera: { id: string } } }>(creating, {
    input,
  });
  const { id } = createCamera.camera;
  const rename = (name: string) =>
    client.run(
      'mutation($id: ID!, $name: String!) { updateCamera(input: { id: $id, name: $name }) { camera { id } } }',
      {
        ...{ id, name },
      },
    );

  // All sockets disconnect at once while the server writes to them.
  for (let round = 0; round < 3; round++) {
    const open = await subscribers(url, 'subscription { cameraStateChanged { id name streams: rtspUrl } }');
    for (const socket of open) socket._socket.pause();
    const writing = Promise.all(Array.from({ length: 10 }, (_, i) => rename('x'.repeat(190) + i)));
    for (const socket of open.slice(0, sockets / 2)) socket._socket.resetAndDestroy();
    await writing;
    for (const socket of open) socket.terminate();
  }

  // Malformed frames, requests and addresses.
  const nonsense = [
    '',
    '{',
    '{"type":"nope"}',
    '{"type":"subscribe"}',
    '\u0000',
    '{"id":1,"type":"ping","payload":[]}',
  ];
  for (const text of nonsense) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    socket.on('error', () => {});
    await once(socket, 'open');
    socket.send(text);
    await closed(socket);
  }
  const old = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-ws');
  old.on('error', () => {});
  await closed(old);
  const head = 'POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n';
  await Promise.all(
    Array.from({ length: 60 }, (_, i) => {
      const texts = [
        `${head}Content-Length: 1000\r\n\r\n{"query":`,
        `${head}Content-Length: 29\r\n\r\n{"query":"{cameras{id name}}"}`,
        `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
        'GET /media/%zz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
        'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
        '\u0016\u0003\u0001\u0002',
        'GET /graphql?query=subscription{cameraStateChanged{id}} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n',
      ];
      return leaveAfter(port, texts[i % texts.length]!);
    }),
  );
  // The client leaves before the end of an answer.
  const cut = request({ port, path: '/metrics' });
  cut.on('error', () => {});
  cut.end();
  cut.destroy();
  await client.run('{ me { name } }');
  await client.close();
  child.kill('SIGUSR2');
  while (!output.includes('warned')) await once(child.stdout!, 'data');
  child.kill('SIGTERM');
  expect((await once(child, 'close'))[0]).toBe(0);

  const lines = output.trimEnd().split('\n');
  const isJson = (line: string) => {
    try {
      return typeof JSON.parse(line) === 'object';
    } catch {
      return false;
    }
  };
  expect(lines.filter((line) => !isJson(line))).toEqual([]);
  expect(lines.map((line) => JSON.parse(line)).filter(({ level }) => level >= 50)).toEqual([]);
}, 90_000);
