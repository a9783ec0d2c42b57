// Clips of every kind of stream that are uploaded in parts have the pictures and the sound of their spools.
import { link, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../support/app/app.ts';
import { awaitEnd, createEvent, download, endEvent } from '../support/app/playbacks.ts';
import { playOnce } from '../support/camera/played-once.ts';
import { until } from '../support/camera/reader.ts';
import { recordRtp } from '../support/camera/rtp.ts';
import { ffprobeWarnings, packetDigests, strictBoxes } from '../support/media/judges.ts';
import { r2Of, type S3Server, startS3Server } from '../support/s3/s3-server.ts';

let app: TestApp;
let bucket: S3Server;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-upload-formats-'));
  bucket = await startS3Server();
  app = await startTestApp({ r2: r2Of(bucket) });
});

afterAll(async () => {
  await app.close();
  await bucket.close();
  await rm(dir, { recursive: true, force: true });
});

/** Noise, of which a few seconds are more than two parts. */
const picture = '-f rawvideo -pix_fmt yuv420p -s 480x272 -r 15 -i /dev/urandom';
const tone = '-f lavfi -i sine=sample_rate=16000';
const x264 = '-c:v libx264 -preset ultrafast -qp 10 -g 15 -x264-params repeat-headers=1';
const x265 =
  '-c:v libx265 -preset ultrafast -qp 10 -g 15 -x265-params log-level=none:repeat-headers=1:keyint=15';
const aac = '-c:a aac -b:a 48k -muxdelay 0.06';
const g711 = '-c:a pcm_alaw -ar 8000 -ac 1';

test.concurrent.each([
  ['H.264 with B-frames and AAC', `${picture} ${tone} ${x264}:bframes=2:b-adapt=0 ${aac}`],
  ['interlaced H.264 with G.711', `${picture} ${tone} ${x264}:interlaced=1 -flags +ilme+ildct ${g711}`],
  ['H.264 in four slices without sound', `${picture} ${x264}:slices=4:aud=1`],
  ['H.265 with B-frames and AAC', `${picture} ${tone} ${x265}:bframes=2:open-gop=0 ${aac}`],
])(
  '%s',
  async (title, encode) => {
    const camera = await playOnce(await recordRtp(encode.replace(' -c:v', ' -t 10 -c:v')));
    // The pre-roll is longer than the recording, so the clip begins with its first picture.
    const cameraId = await app.addCamera({ name: title, rtspUrl: camera.url, preRollSec: 10 });
    const event = await createEvent(app.client, { cameraId });
    const { id } = event.playback!;
    const folder = path.join(app.config.recordDir, id);
    const spoolName = async () => (await readdir(folder)).find((name) => name.endsWith('.mp4'));
    await until(async () => (await spoolName()) !== undefined, 'there is a spool');
    // The server removes the spool when its clip is stored.
    const spool = path.join(dir, `${id}.spool.mp4`);
    await link(path.join(folder, (await spoolName())!), spool);
    await camera.played;
    const isBegun = async () => [...bucket.contents.uploads.values()].some(({ key }) => key.includes(id));
    await until(isBegun, 'its upload has begun');
    await endEvent(app.client, event.id);
    const playback = await awaitEnd(app.client, event);
    await camera.close();

    expect(playback).toMatchObject({ recordingStatus: 'COMPLETED', gaps: [] });
    const [object] = [...bucket.contents.objects].filter(([key]) => key.endsWith(`${id}.1.mp4`));
    expect(object![1].pieces.length).toBeGreaterThanOrEqual(3);
    const file = await download(playback, dir);
    expect(await ffprobeWarnings(file)).toBe('');
    expect((await strictBoxes(file)).boxes).toEqual(['ftyp', 'moov', 'free', 'mdat']);
    expect(playback.audioCodec).toBe(encode.includes('-c:a') ? 'mp4a.40.2' : null);
    for (const stream of playback.audioCodec ? ['v:0', 'a:0'] : ['v:0']) {
      const [held, written] = [await packetDigests(file, stream), await packetDigests(spool, stream)];
      expect(held.length, stream).toBeGreaterThan(40);
      expect(held, stream).toEqual(written.slice(0, held.length));
      // The footage after the end may have begun another fragment.
      expect(written.length - held.length, stream).toBeLessThan(20);
    }
  },
  180_000,
);
