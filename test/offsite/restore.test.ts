// A machine is lost at a random time of a recording. The clip is made from what the bucket holds.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { recoveryKeys } from '../../src/domain/store-keys.ts';
import { OffsiteCopy, type SentPayload } from '../../src/offsite/copy.ts';
import type { Manifest } from '../../src/offsite/manifest.ts';
import { ManifestWriter, RecoveredElsewhere } from '../../src/offsite/manifest-writer.ts';
import { listRecordings, readRemains } from '../../src/offsite/remains.ts';
import { markRecovered, restoreClip } from '../../src/offsite/restore.ts';
import { GrowingSpools } from '../../src/spool/growing.ts';
import { GrowingIndex } from '../../src/spool/growing-index.ts';
import { noteRecoveryKey, readRecoveryKeys } from '../../src/spool/recovery-keys.ts';
import { Spool } from '../../src/spool/spool.ts';
import { rangesBody, readPart } from '../../src/store/body.ts';
import { createS3Store } from '../../src/store/s3.ts';
import type { Store, Upload } from '../../src/store/store.ts';
import { Uplink } from '../../src/store/uplink.ts';
import { ffprobe, ffprobeWarnings, packetDigests, strictBoxes, tools } from '../support/media/judges.ts';
import { randomNumbers } from '../support/random.ts';
import { r2Of, type S3Server, startS3Server } from '../support/s3/s3-server.ts';

const mib = 1024 * 1024;
const installation = randomUUID();

let dir: string;
let spool: string;
/** The bytes of the spool's pictures, and of its sound. */
let digests: string[][];
const streams = ['v:0', 'a:0'];
let bucket: S3Server;
let store: Store;

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'flashback-offsite-'));
  spool = path.join(dir, 'spool.mp4');
  // Noise, which gives some 10 Mbit/s for a small picture.
  const picture = '-f rawvideo -pix_fmt yuv420p -s 160x90 -r 15 -i /dev/urandom';
  const sound = '-f lavfi -i sine=frequency=440:sample_rate=48000';
  const encode = '-t 50 -c:v libx264 -preset ultrafast -qp 4 -g 15 -c:a aac';
  const fragment = '-f mp4 -movflags +frag_keyframe+empty_moov+default_base_moof -frag_duration 500000';
  const line = `-v error ${picture} ${sound} ${encode} ${fragment} ${spool}`;
  await promisify(execFile)(tools().ffmpeg, line.split(' '));
  digests = await Promise.all(streams.map((stream) => packetDigests(spool, stream)));
  bucket = await startS3Server();
  store = createS3Store(r2Of(bucket));
}, 120_000);

afterAll(async () => {
  await store.close();
  await bucket.close();
  await rm(dir, { recursive: true, force: true });
});

interface Recorded {
  readonly playbackId: string;
  readonly copy: OffsiteCopy;
  readonly writer: ManifestWriter;
  readonly manifest: Manifest;
  readonly upload: Upload | undefined;
}

/**
 * Records this many fragments: sends parts as they fill, and copies the rest every `everyMs`.
 * @param anew after that many fragments the upload disappears, and another one with this head is begun
 */
async function record(
  fragments: number,
  everyMs: number,
  headBytes: number,
  anew?: { readonly after: number; readonly headBytes: number },
): Promise<Recorded> {
  const playbackId = randomUUID();
  await mkdir(path.join(dir, playbackId));
  const keys = recoveryKeys(installation, playbackId);
  const note = (key: string) => noteRecoveryKey(dir, playbackId, key);
  const copy = new OffsiteCopy({
    store,
    growing: new GrowingSpools(),
    uplink: new Uplink(),
    keys,
    note,
    everyMs,
  });
  const index = await GrowingIndex.open(spool);
  const whole = await GrowingIndex.open(spool);
  await whole.look(Number.POSITIVE_INFINITY);
  const partBytes = 5 * mib;
  const writer = new ManifestWriter(store.guarded!, keys.manifest, () => note(keys.manifest));
  let manifest: Manifest | undefined;
  let upload: Upload | undefined;
  let next = 2;
  let head = headBytes;
  for (let count = 1; count <= fragments; count++) {
    const end = whole.payloadUpTo(count);
    await index.look(whole.ranges(end - 1, end)[0]!.to);
    manifest ??= await newManifest(playbackId, await index.readInit());
    if (anew?.after === count) {
      await upload!.abort();
      upload = undefined;
      head = anew.headBytes;
      next = 2;
    }
    if (index.payloadBytes >= 10 * mib && !upload) {
      const attempt: number = manifest.playback.uploadAttempt + 1;
      const key = `camera/2026-11-28/${playbackId}.${attempt}.mp4`;
      upload = await store.uploads!.begin(key, 'video/mp4', installation, {});
      manifest = { ...manifest, upload: { key, id: upload.id, partBytes, headBytes: head } };
      manifest.playback.uploadAttempt = attempt;
    }
    const sent = (): SentPayload | undefined =>
      upload && {
        ...{ uploadId: upload.id, partBytes },
        ...{ from: partBytes - head, to: (next - 1) * partBytes - head },
      };
    if (writer.isDue || upload) await writer.write(manifest);
    while (upload && sent()!.to + partBytes <= index.payloadBytes) {
      const { to: from } = sent()!;
      await copy.putIndex(index);
      const body = rangesBody(spool, index.ranges(from, from + partBytes));
      const bytes = await readPart(body, { from: 0, to: partBytes });
      await upload.sendPart(next++, bytes, {});
    }
    await copy.copyPayload(index, sent(), new AbortController().signal);
    if (upload) await store.removeAll(copy.takeSuperseded(sent()!).map((key) => ({ key })));
  }
  await index.close();
  await whole.close();
  return { playbackId, copy, writer, manifest: manifest!, upload };
}

async function newManifest(playbackId: string, init: Buffer): Promise<Manifest> {
  const startedAt = '2026-11-28T12:00:00.000Z';
  return {
    format: 1,
    installation,
    playback: {
      id: playbackId,
      startedAt,
      clipStartedAt: startedAt,
      preRollSec: 5,
      gaps: [],
      uploadAttempt: 0,
    },
    camera: { id: randomUUID(), name: 'Yard' },
    event: null,
    upload: null,
    init: init.toString('base64'),
    takenAt: null,
  };
}

async function restore(playbackId: string) {
  const found = (await listRecordings(store)).find((each) => each.playbackId === playbackId);
  const remains = await readRemains(store, store.guarded!, found!);
  await markRecovered(store.guarded!, remains!, new Date());
  return { remains: remains!, clip: await restoreClip(store, store.guarded!, remains!) };
}

async function judge(key: string, untilSec: number, mayStartSlowly: boolean): Promise<void> {
  const file = path.join(dir, `${randomUUID()}.mp4`);
  await writeFile(file, await bucket.bytes(key));
  expect(await ffprobeWarnings(file)).toBe('');
  await strictBoxes(file, { mayHaveUnusedPayload: true, mayStartSlowly });
  // The clip has the spool's pictures and sound from the beginning on, byte for byte.
  for (const [i, stream] of streams.entries()) {
    const held = await packetDigests(file, stream);
    expect(held.length).toBeGreaterThan(0);
    expect(held).toEqual(digests[i]!.slice(0, held.length));
  }
  const { format } = await ffprobe(file);
  expect(Number(format.duration)).toBeGreaterThanOrEqual(untilSec - 0.1);
  await rm(file);
}

const random = randomNumbers(16);
const cases = Array.from({ length: 8 }, (_, i) => ({
  fragments: 4 + Math.floor(random() * 95),
  everyMs: i % 3 === 0 ? 3_600_000 : 0,
  headBytes: i % 4 === 0 ? 1_000 : 256 * 1024,
}));

test.each(cases)(
  'after $fragments fragments, copied every $everyMs ms, with a head of $headBytes bytes',
  async ({ fragments, everyMs, headBytes }) => {
    const { playbackId, copy, upload } = await record(fragments, everyMs, headBytes);
    // The first copy is made at once.
    const untilSec = copy.untilSec!;
    const { clip, remains } = await restore(playbackId);
    await judge(clip.key, untilSec, headBytes < 100_000);
    expect(remains.index.durationMs / 1_000).toBeGreaterThan(untilSec - 0.1);
    // A part that was sent is in the clip unchanged.
    if (upload) expect(clip.key).toBe(remains.manifest.upload!.key);
    expect(await readRecoveryKeys(dir, playbackId)).toEqual(
      expect.arrayContaining(remains.objects.keys.filter((key) => !key.endsWith('manifest.json'))),
    );
  },
  60_000,
);

test('after an upload with another head has disappeared, what the bucket has is counted anew', async () => {
  const anew = { after: 60, headBytes: 1_000 };
  const { playbackId, copy } = await record(90, 3_600_000, 256 * 1024, anew);
  expect(copy.untilSec).toBeGreaterThan(30);
  const { clip } = await restore(playbackId);
  await judge(clip.key, copy.untilSec!, true);
}, 60_000);

test('times that are corrected later are corrected in the bucket too', async () => {
  const playbackId = randomUUID();
  const folder = path.join(dir, playbackId);
  await mkdir(folder);
  const source = await GrowingIndex.open(spool);
  await source.look(Number.POSITIVE_INFINITY);
  const init = await source.readInit();
  const growing = new GrowingSpools();
  const written = Spool.create(growing, folder, 0, init);
  written.append([(await readFile(spool)).subarray(init.length)]);
  await written.written();
  const index = await GrowingIndex.open(written.path);
  const keys = recoveryKeys(installation, playbackId);
  const note = (key: string) => noteRecoveryKey(dir, playbackId, key);
  const copy = new OffsiteCopy({ store, growing, uplink: new Uplink(), keys, note, everyMs: 0 });
  await index.look(Number.POSITIVE_INFINITY);
  await copy.putIndex(index);
  const held = () => bucket.bytes(keys.index(0));
  expect(await held()).toEqual(await index.readHeads(0, index.count));

  // The decode time in the first tfdt is another one.
  const moof = (await index.readHeads(0, 1)).subarray(0, -8);
  moof.writeUInt8(7, moof.indexOf('tfdt') + 15);
  written.overwrite(init.length, moof);
  await written.written();
  await vi.waitUntil(() => growing.correctionsOf(written.path) === 1);
  await copy.putIndex(index);
  expect((await held()).subarray(0, moof.length)).toEqual(moof);
  for (const one of [source, index]) await one.close();
  await written.close();
});

test('a server that was taken for lost notices that, and a second recovery fails', async () => {
  const { playbackId, writer, manifest } = await record(10, 0, 1_000);
  const found = (await listRecordings(store)).find((each) => each.playbackId === playbackId)!;
  const first = await readRemains(store, store.guarded!, found);
  const begun = await readRemains(store, store.guarded!, found, 2);
  expect(first!.index.durationMs).toBeGreaterThan(4_000);
  expect(Math.abs(begun!.index.durationMs - 2_000)).toBeLessThan(600);
  const second = await readRemains(store, store.guarded!, found);
  await markRecovered(store.guarded!, first!, new Date());
  await expect(markRecovered(store.guarded!, second!, new Date())).rejects.toThrow(
    'Somebody else has changed',
  );
  await expect(writer.write(manifest)).rejects.toThrow(RecoveredElsewhere);
});
