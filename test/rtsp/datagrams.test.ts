// The two UDP ports of a track.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { DatagramPair } from '../../src/rtsp/datagrams.ts';

test('reports reach the camera’s port for RTCP, and none is sent once the pair is closed', async () => {
  const camera = createSocket('udp4');
  camera.bind(0, '127.0.0.1');
  await once(camera, 'listening');
  const { port } = camera.address();
  const pair = await DatagramPair.open('127.0.0.1', () => {});
  const received: string[] = [];
  camera.on('message', (bytes) => received.push(bytes.toString()));
  pair.begin([9, port]);
  pair.sendControlPacket(Buffer.from('a report'));
  await expect.poll(() => received).toContain('a report');
  pair.close();
  pair.sendControlPacket(Buffer.from('a late report'));
  pair.close();
  const other = createSocket('udp4');
  other.send('the end', port, '127.0.0.1');
  await expect.poll(() => received).toContain('the end');
  expect(received).not.toContain('a late report');
  other.close();
  camera.close();
});
