// VLC's RTSP server supports only UDP (it refuses TCP with 461), and its stream has begun long before the session.
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestApp } from '../support/app/app.ts';
import { browserMissing, launchBrowser } from '../support/browser/browser.ts';
import { tools } from '../support/media/judges.ts';
import { freePort } from '../support/processes/free-port.ts';
import { expectClip, type Wanted, type World } from './clips.ts';
import { startProgram } from './program.ts';
import { wireTo } from './wire.ts';

/** VLC refuses to run as root, so it then runs as nobody. */
const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

const x264 = '-c:v libx264 -preset veryfast -threads 1 -g 15 -pix_fmt yuv420p';
const x265 = '-c:v libx265 -preset ultrafast -pix_fmt yuv420p -x265-params log-level=none:pools=1:keyint=15';
const streams: Record<string, { encode: string; wanted: Wanted }> = {
  'H.264': { encode: `${x264} -bf 0 -an`, wanted: { video: 'h264', sound: undefined } },
  'H.264 with AAC': { encode: `${x264} -bf 0 -c:a aac -b:a 48k`, wanted: { video: 'h264', sound: 'aac' } },
  'H.264 with G.711 A-law': {
    encode: `${x264} -bf 0 -c:a pcm_alaw -ar 8000`,
    wanted: { video: 'h264', sound: 'aac' },
  },
  'H.264 with B-frames and G.711 µ-law': {
    encode: `${x264} -c:a pcm_mulaw -ar 8000`,
    wanted: { video: 'h264', sound: 'aac' },
  },
  'H.265 with Opus': {
    encode: `${x265} -c:a libopus -ar 48000`,
    wanted: { video: 'h265', sound: 'opus' },
  },
};

let world: World;

beforeAll(async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-interop-'));
  await chmod(dir, 0o755);
  world = { app: await startTestApp(), browser: browserMissing ? undefined : await launchBrowser(), dir };
});

afterAll(async () => {
  await world?.browser?.close();
  await world?.app.close();
  if (world) await rm(world.dir, { recursive: true, force: true });
});

describe.concurrent('VLC', () => {
  for (const [name, { encode, wanted }] of Object.entries(streams))
    test(name, async () => {
      const file = path.join(world.dir, `${name.replace(/\W+/g, '-')}.mkv`);
      const picture = '-f lavfi -i testsrc2=size=320x192:rate=15 -f lavfi -i sine=sample_rate=16000';
      const line = `-v error ${picture} -t 60 ${encode} ${file}`;
      await promisify(execFile)(tools().ffmpeg, line.split(' '));
      const port = await freePort();
      const output = `#rtp{sdp=rtsp://127.0.0.1:${port}/stream}`;
      const options = ['-vv', '--no-dbus', '--intf', 'dummy', file, '--sout', output];
      const isListening = (said: string) => said.includes(`listening to 127.0.0.1 port ${port}`);
      const vlc = await startProgram('cvlc', options, isListening, { ...user, cwd: world.dir });
      const wire = await wireTo(port);
      try {
        const { reading } = await expectClip(world, `rtsp://127.0.0.1:${wire.port}/stream`, wanted);
        expect(reading.transport).toBe('UDP');
        const count = (method: string) => wire.requests.filter((it) => it.startsWith(method)).length;
        await vi.waitFor(() => expect(count('TEARDOWN')).toBeGreaterThan(0), 5_000);
        expect(count('PLAY')).toBe(1);
      } finally {
        await vlc.close();
        await wire.close();
      }
    });
});
