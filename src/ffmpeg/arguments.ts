const quiet = ['-hide_banner', '-loglevel', 'error'];
const firstKeyframe = ['-threads', '1', '-skip_frame', 'nokey', '-f', 'mp4'];
const jpeg = (width: number) => [
  ...['-frames:v', '1', '-vf', `scale=${width}:trunc(${width}/dar/2)*2,setsar=1`],
  ...['-q:v', '4', '-f', 'mjpeg'],
];

/**
 * The arguments that turn a fragmented MP4 on stdin into one JPEG of its first keyframe on stdout. Pixels that are not
 * square, as in 16:9 pictures of 720 x 576, are made square.
 */
export function posterArgs(width: number): string[] {
  return [...quiet, ...firstKeyframe, '-i', 'pipe:0', '-map', '0:v:0', ...jpeg(width), 'pipe:1'];
}

/** The first bytes of a file that is a fragmented MP4. */
export interface FileBeginning {
  readonly file: string;
  readonly bytes: number;
}

/**
 * The arguments that make one JPEG of each movie, like `posterArgs`, with one ffmpeg, which writes the JPEGs into
 * files.
 */
export function postersArgs(
  width: number,
  movies: readonly FileBeginning[],
  jpegs: readonly string[],
): string[] {
  return [
    ...quiet,
    '-nostdin',
    ...movies.flatMap(({ file, bytes }) => [
      ...firstKeyframe,
      ...['-i', `subfile,,start,0,end,${bytes},,:${file}`],
    ]),
    ...jpegs.flatMap((file, i) => ['-map', `${i}:v:0`, ...jpeg(width), '-y', file]),
  ];
}
