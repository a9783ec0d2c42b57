import type { Tile } from '../ffmpeg/storyboard.ts';

/**
 * The WebVTT of a storyboard, as players read it: each cue names a picture within the JPEG beside it, by a media fragment
 * (`#xywh=`, in pixels). A picture is shown until the next one.
 */
export function storyboardVtt(jpeg: string, tiles: readonly Tile[], durationMs: number): string {
  const cues = tiles.map(({ at, x, y, width, height }, i) => {
    const from = i === 0 ? 0 : at;
    const to = tiles[i + 1]?.at ?? Math.max(durationMs / 1_000, at + 0.001);
    return `${time(from)} --> ${time(to)}\n${jpeg}#xywh=${x},${y},${width},${height}\n`;
  });
  return ['WEBVTT\n', ...cues].join('\n');
}

/** hh:mm:ss.mmm */
function time(seconds: number): string {
  const ms = Math.round(seconds * 1_000);
  const two = (n: number) => String(n).padStart(2, '0');
  const [h, m, s] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1_000) % 60];
  return `${two(h)}:${two(m)}:${two(s)}.${String(ms % 1_000).padStart(3, '0')}`;
}
