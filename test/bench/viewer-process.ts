// A viewer of the live wall: viewer-process.ts URL CAMERA…. Says when all cameras are live; asked to stop, says how many
// bytes it has received since then.
import { WebSocket } from 'ws';

const [url, ...cameras] = process.argv.slice(2) as [string, ...string[]];
const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/wall`);
const live = new Set<number>();
let bytes = 0;
socket.on('open', () => socket.send(JSON.stringify({ type: 'begin' })));
socket.on('message', (data: Buffer, isBinary) => {
  if (!isBinary && JSON.parse(String(data)).type === 'ready') {
    for (const camera of cameras) socket.send(JSON.stringify({ type: 'watch', camera }));
  }
  if (!isBinary) return;
  bytes += data.length;
  if (live.size === cameras.length) return;
  live.add(data.readUInt32BE());
  if (live.size === cameras.length) {
    bytes = 0;
    process.send!('live');
  }
});
process.on('message', () => {
  process.send!(bytes);
  socket.close();
  process.disconnect();
});
