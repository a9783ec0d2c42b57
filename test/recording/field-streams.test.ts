// Cameras in the field announce and send many kinds of streams: each kind becomes a clip.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { expectEveryPicture, recordInField } from '../support/app/field.ts';
import { createEvent, download, endEvent, type PlaybackFacts } from '../support/app/playbacks.ts';
import { described, joined, mediaOf, withAdts, withTracks } from '../support/camera/altered-captures.ts';
import { startTestCamera } from '../support/camera/camera.ts';
import { type Capture, capture } from '../support/camera/captures.ts';
import { until } from '../support/camera/reader.ts';
import { readFrames } from '../support/media/frames.ts';
import { ffprobeWarnings, strictBoxes } from '../support/media/judges.ts';

// On a fresh checkout, the captures are made first.
vi.setConfig({ testTimeout: 90_000, maxConcurrency: 8 });

let app: TestApp;
let dir: string;
const loopSec = 16;
const pictures = loopSec * 15;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-field-'));
  app = await startTestApp();
});

afterAll(async () => {
  await app.close();
  await rm(dir, { recursive: true, force: true });
});

const backchannel = mediaOf(
  'm=audio 0 RTP/AVP 0',
  'a=rtpmap:0 PCMU/8000',
  'a=control:trackID=9',
  'a=sendonly',
);
const metadata = mediaOf(
  'm=application 0 RTP/AVP 107',
  'a=rtpmap:107 vnd.onvif.metadata/90000',
  'a=control:trackID=8',
);
const mjpeg = mediaOf('m=video 0 RTP/AVP 26', 'a=framesize:26 3840-2160', 'a=control:trackID=7');

/** The clip of a camera with this capture, and the sound of that clip. */
interface Kind {
  readonly name: string;
  readonly audio: 'none' | 'aac' | 'pcmu';
  readonly alter?: (made: Capture) => Capture | Promise<Capture>;
  readonly isMute?: boolean;
  /** How long the camera is live before the event (ms), if longer than usual. */
  readonly beforeMs?: number;
  readonly sound: string | null | undefined;
}
const aac = 'mp4a.40.2';
const config = /; config=\w+/;
const kinds: Kind[] = [
  { name: 'G.711 that is announced and silent', audio: 'pcmu', isMute: true, sound: null },
  {
    name: 'an ONVIF backchannel alone beside the pictures',
    audio: 'none',
    alter: (made) => withTracks(made, { behind: backchannel }),
    sound: null,
  },
  {
    name: 'a backchannel and metadata before the sound',
    audio: 'aac',
    alter: (made) => withTracks(made, { before: backchannel + metadata }),
    sound: aac,
  },
  {
    name: 'a backchannel and metadata after the sound',
    audio: 'aac',
    alter: (made) => withTracks(made, { behind: backchannel + metadata }),
    sound: aac,
  },
  {
    name: 'AAC without config=',
    audio: 'aac',
    alter: (made) => described(made, (sdp) => sdp.replace(config, '')),
    sound: undefined,
  },
  { name: 'AAC with ADTS headers inside', audio: 'aac', alter: withAdts, sound: undefined },
  {
    name: 'a config= that contradicts the stream',
    audio: 'aac',
    // The description says AAC at 44.1 kHz in stereo; the stream is 16 kHz in mono.
    alter: (made) => described(made, (sdp) => sdp.replace(config, '; config=1210')),
    sound: undefined,
  },
  {
    name: 'a config= and a clock rate that contradict the stream',
    audio: 'aac',
    alter: (made) =>
      described(made, (sdp) =>
        sdp.replace(config, '; config=1210').replace('MPEG4-GENERIC/16000/1', 'MPEG4-GENERIC/44100/2'),
      ),
    // Only the arrivals show it, after 6 s.
    beforeMs: 8_000,
    sound: null,
  },
  {
    name: 'two video tracks, MJPEG first and larger',
    audio: 'aac',
    alter: (made) => withTracks(made, { before: mjpeg }),
    sound: aac,
  },
  {
    name: 'parameter sets of a foreign camera in the description',
    audio: 'none',
    alter: async (made) => {
      const foreign = await capture({ gopSec: 1, width: 480, height: 270, seconds: loopSec });
      const [sets] = /sprop-parameter-sets=[^;]+/.exec(foreign.sdp)!;
      return described(made, (sdp) => sdp.replace(/sprop-parameter-sets=[^;]+/, sets));
    },
    sound: null,
  },
];
for (const { name, audio, alter, isMute = false, beforeMs, sound } of kinds)
  test.concurrent(name, async () => {
    const made = await capture({ audio, gopSec: 1, seconds: loopSec });
    const seen = alter ? await alter(made) : made;
    const camera = await startTestCamera({ capture: seen, faults: { isMute } });
    const { playback, ...clip } = await recordInField(app, camera, dir, beforeMs ? { beforeMs } : {});
    await camera.close();
    expectEveryPicture(clip, pictures);
    expect(playback).toMatchObject({
      resolution: '320x180',
      ...(sound !== undefined && { audioCodec: sound }),
    });
    const { tracks } = await strictBoxes(clip.file);
    expect(tracks.map(({ entry }) => entry)).toEqual(playback.audioCodec ? ['avc1', 'mp4a'] : ['avc1']);
    // No SETUP for a backchannel, for metadata, or for a second video.
    const others = audio === 'none' ? /trackID=[78]/ : /trackID/;
    const setUp = camera.requests.filter((it) => it.method === 'SETUP' && others.test(it.path));
    expect(setUp).toEqual([]);
  });

test.concurrent('another resolution within the session continues in a further playback', async () => {
  const [small, large] = await Promise.all([
    capture({ gopSec: 1, seconds: 8 }),
    capture({ gopSec: 1, seconds: 16, width: 480, height: 270 }),
  ]);
  // Five seconds before the change.
  const camera = await startTestCamera({ capture: joined(small, large), phaseSec: 3 });
  const cameraId = await app.addCamera({ rtspUrl: camera.url, preRollSec: 1 });
  const event = await createEvent(app.client, { cameraId });
  const playbacks = async () => {
    const answer = await app.client.run<{ event: { playbacks: PlaybackFacts[] } }>(
      `query($id: ID!) { event(id: $id) { playbacks {
        id startedAt endReason recordingStatus resolution missedMs videoUrl } } }`,
      { id: event.id },
    );
    return answer.event.playbacks;
  };
  await until(async () => (await playbacks()).length === 2, 'there is a further playback');
  await sleep(2_500);
  await endEvent(app.client, event.id);
  await until(
    async () => (await playbacks()).every(({ recordingStatus }) => recordingStatus === 'COMPLETED'),
    'both are COMPLETED',
  );
  const both = await playbacks();
  expect(both).toMatchObject([
    { resolution: '320x180', endReason: 'CAMERA_LOST' },
    { resolution: '480x270', endReason: 'ENDED', missedMs: 0 },
  ]);
  const counters: number[] = [];
  for (const playback of both) {
    const file = await download(playback, dir);
    expect(await ffprobeWarnings(file)).toBe('');
    counters.push(...(await readFrames(file)).map(({ counter }) => counter));
  }
  // The further playback begins with the first picture of the new format.
  const first = counters.indexOf(0);
  expect(counters[first - 1]).toBe(8 * 15 - 1);
  expect(camera.sessionsEver).toBe(1);
  await camera.close();
});

test.concurrent('a camera with only MJPEG is refused at once with a message', async () => {
  const made = await capture({ gopSec: 1, seconds: loopSec });
  const camera = await startTestCamera({
    capture: described(made, (sdp) => sdp.slice(0, sdp.indexOf('m=')) + mjpeg),
  });
  const id = await app.addCamera({ rtspUrl: camera.url }, 'OFFLINE');
  const answer = await app.client.run('query($id: ID!) { camera(id: $id) { lastError } }', { id });
  expect(answer).toMatchObject({ camera: { lastError: expect.stringContaining('sends MJPEG') } });
  await camera.close();
});
