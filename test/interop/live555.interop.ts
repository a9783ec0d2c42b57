// live555 is the code in many cameras. It begins the stream of each session with the first picture of the file.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestApp } from '../support/app/app.ts';
import { browserMissing, launchBrowser } from '../support/browser/browser.ts';
import { tools } from '../support/media/judges.ts';
import { expectClip, type Wanted, type World } from './clips.ts';
import { type Program, startProgram } from './program.ts';
import { wireTo } from './wire.ts';

const run = promisify(execFile);

const x264 = '-c:v libx264 -preset veryfast -threads 1 -g 15 -pix_fmt yuv420p';
const x265 = '-c:v libx265 -preset ultrafast -pix_fmt yuv420p -x265-params log-level=none:pools=1:keyint=15';
const h264 = `-map 0:v ${x264} -bf 0`;
const h265 = `-map 0:v ${x265}:bframes=0`;
const sound = '-map 1:a';

interface Stream {
  /** ffmpeg's arguments by the kind of file. */
  readonly files: Readonly<Record<string, string>>;
  readonly wanted: Wanted;
}

const streams: Record<string, Stream> = {
  'H.264': { files: { '264': h264 }, wanted: { video: 'h264', sound: undefined } },
  'H.265': { files: { '265': h265 }, wanted: { video: 'h265', sound: undefined } },
  'H.264 with G.711': {
    files: { '264': h264, wav: `${sound} -ar 8000 -c:a pcm_s16le -fflags +bitexact` },
    wanted: { video: 'h264', sound: 'aac' },
  },
  'H.264 with AAC': {
    files: { mkv: `${h264} ${sound} -c:a aac -b:a 48k` },
    wanted: { video: 'h264', sound: 'aac' },
  },
  'H.264 with B-frames and AAC': {
    files: { mkv: `-map 0:v ${x264} ${sound} -c:a aac -b:a 48k` },
    wanted: { video: 'h264', sound: 'aac' },
  },
  'H.265 with Opus': {
    files: { mkv: `-map 0:v ${x265} ${sound} -ar 48000 -c:a libopus` },
    wanted: { video: 'h265', sound: 'opus' },
  },
};
const pathOf = (stream: string) => stream.toLowerCase().replace(/[^a-z0-9]+/g, '-');

let world: World & { server: Program; ports: { plain: number; digest: number } };

beforeAll(async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-interop-'));
  const built = path.join(import.meta.dirname, '../../node_modules/.cache/live555');
  await run(path.join(import.meta.dirname, 'live555-build.sh'), [built]);
  const served: string[] = [];
  for (const [name, { files }] of Object.entries(streams)) {
    const made = Object.keys(files).map((kind) => path.join(dir, `${pathOf(name)}.${kind}`));
    for (const [i, encode] of Object.values(files).entries()) {
      const picture = '-f lavfi -i testsrc2=size=320x192:rate=15 -f lavfi -i sine=sample_rate=16000';
      await run(tools().ffmpeg, `-v error ${picture} -t 40 ${encode} ${made[i]}`.split(' '));
    }
    served.push(`${pathOf(name)}=${made.join(',')}`);
  }
  const server = await startProgram(path.join(built, 'server'), served, (line) => line.includes('"ports"'));
  const browser = browserMissing ? undefined : await launchBrowser();
  const { ports } = JSON.parse(server.ready);
  world = { app: await startTestApp(), browser, dir, server, ports };
}, 300_000);

afterAll(async () => {
  await world?.browser?.close();
  await world?.app.close();
  await world?.server.close();
  if (world) await rm(world.dir, { recursive: true, force: true });
});

/** Records an event of the stream, from one session that is ended properly. */
async function expectRecorded(name: string, { isSecret = false, transport = 'TCP' } = {}): Promise<void> {
  const wire = await wireTo(world.ports[isSecret ? 'digest' : 'plain']);
  try {
    const user = isSecret ? 'user:password@' : '';
    const url = `rtsp://${user}127.0.0.1:${wire.port}/${pathOf(name)}`;
    const { reading } = await expectClip(world, url, streams[name]!.wanted, { transport });
    expect(reading.transport).toBe(transport);
    const count = (method: string) => wire.requests.filter((it) => it.startsWith(method)).length;
    await vi.waitFor(() => expect(count('TEARDOWN')).toBe(1), 5_000);
    expect(count('PLAY')).toBe(1);
  } finally {
    await wire.close();
  }
}

describe.concurrent('live555', () => {
  for (const name of Object.keys(streams)) test(name, () => expectRecorded(name));

  test('plays H.264 with AAC over UDP', () => expectRecorded('H.264 with AAC', { transport: 'UDP' }));

  test('plays a stream with a Digest password', () => expectRecorded('H.264 with AAC', { isSecret: true }));
});
