// Pictures of footage have the intended aspect ratio.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ffmpeg, findFfmpeg } from '../../src/ffmpeg/binary.ts';
import { jpegOf } from '../../src/ffmpeg/jpeg.ts';
import { createLog } from '../../src/log.ts';
import { startTestLauncher, type TestLauncher } from '../support/processes/launcher.ts';

let it: TestLauncher;
let ffmpeg: Ffmpeg;

beforeAll(async () => {
  it = await startTestLauncher();
  ffmpeg = await findFfmpeg(it.children, undefined, createLog('silent'));
});

afterAll(() => it.close());

/** Width and height from the frame header (T.81, B.2.2: SOF0). */
function sizeOf(jpeg: Buffer): [number, number] {
  const frame = jpeg.indexOf(Buffer.from('ffc0', 'hex'));
  return [jpeg.readUInt16BE(frame + 7), jpeg.readUInt16BE(frame + 5)];
}

test.each([
  ['square pixels', '1280x720', '1/1', [640, 360]],
  ['an upright picture', '360x640', '1/1', [640, 1136]],
  ['16:9 in 720 x 576', '720x576', '64/45', [640, 360]],
])('%s', async (_, size, sar, expected) => {
  const source = ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=5,setsar=${sar}`, '-t', '1'];
  const coded = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
  const fragmented = ['-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-f', 'mp4', 'pipe:1'];
  const made = await it.children.run('source', ffmpeg.path, [...source, ...coded, ...fragmented], {
    timeoutMs: 20_000,
    maxOutputBytes: 2 ** 24,
  });
  expect(sizeOf(await jpegOf(it.launcher, ffmpeg, made.stdout))).toEqual(expected);
});
