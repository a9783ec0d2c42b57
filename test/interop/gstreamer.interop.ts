// GStreamer's RTSP server: every stream that it can send, from one pipeline for all players.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startTestApp } from '../support/app/app.ts';
import { browserMissing, launchBrowser } from '../support/browser/browser.ts';
import { certificate } from '../support/camera/certificates.ts';
import { expectClip, type Wanted, type World } from './clips.ts';
import { type Program, startProgram } from './program.ts';

type Kind = 'plain' | 'digest' | 'tls';

const picture =
  'videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=192,framerate=15/1,format=I420';
const x264 = 'x264enc speed-preset=ultrafast threads=1 key-int-max=15';
const h264 = `${picture} ! ${x264} tune=zerolatency ! rtph264pay config-interval=-1 name=pay0 pt=96`;
const h265 = `${picture} ! x265enc speed-preset=ultrafast tune=zerolatency key-int-max=15 ! rtph265pay config-interval=-1 name=pay0 pt=96`;
const tone = (rate: number) => `audiotestsrc is-live=true wave=ticks ! audio/x-raw,rate=${rate},channels=1`;
const sounds = {
  AAC: `${tone(16_000)} ! voaacenc ! rtpmp4gpay name=pay1 pt=97`,
  'AAC in LATM': `${tone(16_000)} ! voaacenc ! rtpmp4apay name=pay1 pt=97`,
  'G.711 A-law': `${tone(8_000)} ! alawenc ! rtppcmapay name=pay1 pt=8`,
  'G.711 µ-law': `${tone(8_000)} ! mulawenc ! rtppcmupay name=pay1 pt=0`,
  Opus: `${tone(48_000)} ! opusenc ! rtpopuspay name=pay1 pt=97`,
  L16: `${tone(16_000)} ! audioconvert ! rtpL16pay name=pay1 pt=97`,
};
const bFrames = `${picture} ! ${x264} bframes=3 b-adapt=false ! video/x-h264,profile=main ! rtph264pay config-interval=-1 name=pay0 pt=96`;

interface Stream {
  readonly launch: string;
  readonly wanted: Wanted;
  readonly udpOnly?: boolean;
}

const streams: Record<string, Stream> = {
  'H.264': { launch: h264, wanted: { video: 'h264', sound: undefined } },
  'H.265': { launch: h265, wanted: { video: 'h265', sound: undefined } },
  'H.264 with B-frames and AAC': {
    launch: `${bFrames} ${sounds.AAC}`,
    wanted: { video: 'h264', sound: 'aac' },
  },
};
for (const [name, sound] of Object.entries(sounds))
  streams[`H.264 with ${name}`] = {
    launch: `${h264} ${sound}`,
    wanted: { video: 'h264', sound: name === 'Opus' ? 'opus' : 'aac' },
  };
for (const name of ['AAC', 'Opus', 'G.711 A-law'] as const)
  streams[`H.265 with ${name}`] = {
    launch: `${h265} ${sounds[name]}`,
    wanted: { video: 'h265', sound: name === 'Opus' ? 'opus' : 'aac' },
  };
for (const video of ['H.264', 'H.265'] as const)
  streams[`${video} with AAC over UDP alone`] = { ...streams[`${video} with AAC`]!, udpOnly: true };

const pathOf = (stream: string) => stream.toLowerCase().replace(/[^a-z0-9]+/g, '-');

let world: World & { server: Program; ports: Record<Kind, number> };

beforeAll(async () => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-interop-'));
  const served = Object.entries(streams).map(([name, { launch, udpOnly = false }]) => [
    pathOf(name),
    { launch: `( ${launch} )`, udpOnly },
  ]);
  const asked = {
    certificate: certificate.cert + certificate.key,
    streams: Object.fromEntries(served),
  };
  const script = path.join(import.meta.dirname, 'gstreamer-server.py');
  // Debian's Python, because it has the bindings.
  const server = await startProgram('/usr/bin/python3', [script, JSON.stringify(asked)], (line) =>
    line.includes('"ports"'),
  );
  const browser = browserMissing ? undefined : await launchBrowser();
  const { ports } = JSON.parse(server.ready) as { ports: Record<Kind, number> };
  world = { app: await startTestApp(), browser, dir, server, ports };
});

afterAll(async () => {
  await world?.browser?.close();
  await world?.app.close();
  await world?.server.close();
  if (world) await rm(world.dir, { recursive: true, force: true });
});

function urlOf(kind: Kind, stream: string): string {
  const user = kind === 'plain' ? '' : 'user:password@';
  return `${kind === 'tls' ? 'rtsps' : 'rtsp'}://${user}127.0.0.1:${world.ports[kind]}/${pathOf(stream)}`;
}

/** How often this request was made for the stream. */
function countOf(kind: Kind, stream: string, method: string): number {
  return world.server.said
    .filter((line) => line.startsWith('{"server"'))
    .map((line) => JSON.parse(line) as { server: string; method: string; path: string })
    .filter((it) => it.server === kind && it.method === method && it.path === `/${pathOf(stream)}`).length;
}

async function expectLeftInOrder(kind: Kind, stream: string, sessions = 1): Promise<void> {
  await vi.waitFor(() => expect(countOf(kind, stream, 'TEARDOWN')).toBe(sessions), 5_000);
  // As often as it was played: no session was lost in between.
  expect(countOf(kind, stream, 'PLAY')).toBe(sessions);
}

describe.concurrent('GStreamer', () => {
  for (const [name, { wanted, udpOnly }] of Object.entries(streams))
    test(name, async () => {
      const { reading } = await expectClip(world, urlOf('plain', name), wanted);
      expect(reading.transport).toBe(udpOnly ? 'UDP' : 'TCP');
      await expectLeftInOrder('plain', name);
    });

  test('plays a stream with a Digest password', async () => {
    await expectClip(world, urlOf('digest', 'H.264 with AAC'), { video: 'h264', sound: 'aac' });
    await expectLeftInOrder('digest', 'H.264 with AAC');
  });

  test('plays a stream with a Digest password over UDP', async () => {
    const name = 'H.264 with AAC over UDP alone';
    const { reading } = await expectClip(
      world,
      urlOf('digest', name),
      { video: 'h264', sound: 'aac' },
      { transport: 'UDP' },
    );
    expect(reading.transport).toBe('UDP');
    await expectLeftInOrder('digest', name);
  });

  test('plays a stream with TLS and a Digest password', async () => {
    await expectClip(world, urlOf('tls', 'H.264 with Opus'), { video: 'h264', sound: 'opus' });
    await expectLeftInOrder('tls', 'H.264 with Opus');
  });

  test('plays one pipeline for two cameras', async () => {
    const name = 'H.265 with AAC';
    const wanted: Wanted = { video: 'h265', sound: 'aac' };
    await Promise.all([1, 2].map(() => expectClip(world, urlOf('digest', name), wanted)));
    await expectLeftInOrder('digest', name, 2);
  });
});
