import { expect, test } from 'vitest';
import { chooseTracks, whyNoVideo } from '../../../src/recording/feed/choose-tracks.ts';
import type { RtspTrack } from '../../../src/rtsp/session.ts';

const track = (kind: 'video' | 'audio', encoding: string, rest: Partial<RtspTrack> = {}): RtspTrack =>
  ({ kind, encoding, isSendOnly: false, fmtp: new Map(), ...rest }) as RtspTrack;
const chosen = (...tracks: RtspTrack[]) => {
  const { video, sound } = chooseTracks(tracks);
  return [video, sound].map((it) => it && tracks.indexOf(it));
};

test('H.264 and H.265 are chosen first, the larger picture before the smaller', () => {
  expect(chosen(track('video', 'JPEG', { width: 1920, height: 1080 }), track('video', 'H264'))).toEqual([
    1,
    undefined,
  ]);
  expect(
    chosen(
      track('video', 'H264', { width: 640, height: 360 }),
      track('video', 'H265', { width: 1920, height: 1080 }),
    ),
  ).toEqual([1, undefined]);
});

test('H.265 that is announced as HEVC is recorded', () => {
  expect(chosen(track('video', 'JPEG'), track('video', 'HEVC'))).toEqual([1, undefined]);
});

test('a backchannel is not recorded, wherever it is in the description', () => {
  const back = track('audio', 'MPEG4-GENERIC', { isSendOnly: true });
  const sound = track('audio', 'PCMU');
  expect(chosen(back, track('video', 'H264'), sound)).toEqual([1, 2]);
  expect(chosen(track('video', 'H264', { isSendOnly: true }), back)).toEqual([0, 1]);
});

test('sound that is copied is chosen before sound that must be encoded', () => {
  expect(chosen(track('audio', 'PCMA'), track('audio', 'OPUS'), track('audio', 'MPEG4-GENERIC'))).toEqual([
    undefined,
    2,
  ]);
});

test.each([
  ['JPEG', 'MJPEG'],
  ['VP8', 'VP8'],
  ['VP9', 'VP9'],
  ['MP4V-ES', 'MPEG-4 Part 2'],
])('%s alone is refused by its usual name, %s', (encoding, name) => {
  const tracks = [track('video', encoding), track('audio', 'PCMU')];
  expect(chosen(...tracks)[0]).toBeUndefined();
  expect(whyNoVideo(tracks)).toContain(`sends ${name}, which Flashback does not record`);
});
