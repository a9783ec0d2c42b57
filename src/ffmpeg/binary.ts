import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Log } from '../log.ts';
import type { Children } from '../processes/children.ts';

/** An ffmpeg that was run and can do what is needed of it. */
export interface Ffmpeg {
  readonly path: string;
  readonly version: string;
  /** Where ffmpeg was found, as text for a person. */
  readonly source: string;
  /** Whether a script on its stdin can name a stream and how to read it (concat demuxer's `option`): from 5.0 on. */
  readonly readsScripts: boolean;
}

const probeMs = 15_000;
const require = createRequire(import.meta.url);

/**
 * Finds a usable ffmpeg: the configured one (which must then work), else ffmpeg-static's if its download worked
 * (it names a file that may not exist), else the one on PATH, else the one inside @ffmpeg-installer/ffmpeg, which
 * is of 2018. Every candidate is run before it is believed.
 * @throws Error that lists what was tried
 */
export async function findFfmpeg(
  children: Children,
  configured: string | undefined,
  log: Log,
): Promise<Ffmpeg> {
  const candidates: { source: string; path: string | undefined }[] = configured
    ? [{ source: 'FFMPEG_PATH', path: configured }]
    : [
        { source: 'ffmpeg-static', path: packaged('ffmpeg-static') },
        { source: 'PATH', path: 'ffmpeg' },
        { source: '@ffmpeg-installer/ffmpeg', path: packaged('@ffmpeg-installer/ffmpeg') },
      ];
  const tried: string[] = [];
  for (const { source, path } of candidates) {
    if (!path) {
      tried.push(`${source}: not installed`);
      continue;
    }
    try {
      const ffmpeg = { source, path, ...(await probe(children, path)) };
      if (source === '@ffmpeg-installer/ffmpeg') {
        log.warn(
          { version: ffmpeg.version },
          'using the old ffmpeg that comes with a package; install a current one and put it on PATH',
        );
      }
      return ffmpeg;
    } catch (error) {
      tried.push(`${source} (${path}): ${(error as Error).message}`);
    }
  }
  throw new Error(
    `No usable ffmpeg was found. Install ffmpeg, or set FFMPEG_PATH to one. Tried: ${tried.join('; ')}.`,
  );
}

/** The binary's path that a package names, if the file is really there. */
function packaged(name: string): string | undefined {
  try {
    const module = require(name) as string | { path: string } | null;
    const path = typeof module === 'string' ? module : module?.path;
    return path && existsSync(path) ? path : undefined;
  } catch {
    return undefined; // an optional package that was not installed
  }
}

async function probe(children: Children, path: string): Promise<Pick<Ffmpeg, 'version' | 'readsScripts'>> {
  const question = ['-h', 'demuxer=rtsp'];
  const { code, signal, stdout, stderr } = await children.run('ffmpeg', path, question, {
    timeoutMs: probeMs,
    maxOutputBytes: 1 << 20,
  });
  if (code !== 0) throw new Error(`it ended with ${code ?? signal} when asked ${question.join(' ')}`);
  const version = /^ffmpeg version (\S+)/m.exec(stderr)?.[1];
  if (!version) throw new Error('it does not say that it is ffmpeg');
  const options = stdout.toString();
  if (!options.includes('rtsp_transport')) throw new Error('it was built without RTSP');
  // -stimeout was removed in 5.0. Development builds have no version number, so the option is looked for.
  return { version, readsScripts: !options.includes('-stimeout') };
}
