import path from 'node:path';
import type { Config } from '../config.ts';
import { type Ffmpeg, findFfmpeg } from '../ffmpeg/binary.ts';
import type { Log } from '../log.ts';
import { type Children, openChildren } from '../processes/children.ts';
import { type Launcher, startLauncher } from '../processes/launcher.ts';
import type { StartOrder } from './order.ts';

/** What starts other programs, and the ffmpeg that they use. */
export interface ChildProcesses {
  readonly children: Children;
  readonly launcher: Launcher;
  readonly ffmpeg: Ffmpeg;
}

/** Ends the child processes that a killed server left behind, starts the launcher of new ones, and finds ffmpeg. */
export async function openChildProcesses(
  { dataDir, ffmpegPath }: Config,
  { parts, log }: { parts: StartOrder; log: Log },
): Promise<ChildProcesses> {
  const childrenDir = path.join(dataDir, 'children');
  const children = parts.add('children', await openChildren({ dir: childrenDir, log }));
  const launcherDir = path.join(dataDir, 'launcher');
  const launcher = parts.add('launcher', startLauncher({ children, dir: launcherDir }));
  return { children, launcher, ffmpeg: await findFfmpeg(children, ffmpegPath, log) };
}
