/**
 * The arguments that turn a fragmented MP4 on stdin into one JPEG of its first keyframe on stdout. Pixels that are not
 * square, as those of 16:9 pictures in 720 x 576, become so.
 */
export function posterArgs(width: number): string[] {
  return [
    ...['-hide_banner', '-loglevel', 'error', '-threads', '1', '-skip_frame', 'nokey'],
    ...['-f', 'mp4', '-i', 'pipe:0'],
    ...[
      '-map',
      '0:v:0',
      '-frames:v',
      '1',
      '-vf',
      `scale=${width}:trunc(${width}/dar/2)*2,setsar=1`,
      '-q:v',
      '4',
    ],
    ...['-f', 'mjpeg', 'pipe:1'],
  ];
}
