// Makes spools of any length, as a crash would leave them: repeats their footage, each time with later timestamps.
import { open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { findSpool } from '../../../src/spool/spool.ts';
import { split } from '../../support/media/fragmented.ts';
import { shiftFragment } from '../../support/media/shift-fragment.ts';

/**
 * Inserts footage before the content of a stopped server's spool, so that the spool has that length. It ends when it
 * ended before, and so begins earlier.
 * @returns by how much earlier, in milliseconds
 */
export async function lengthenSpool(recordDir: string, playbackId: string, seconds: number): Promise<number> {
  const found = (await findSpool(recordDir, playbackId))!;
  const { init, fragments } = split(await readFile(found.file));
  const lengthSec = fragments.at(-1)!.end;
  const rounds = Math.max(0, Math.ceil((seconds - lengthSec) / lengthSec));
  const earlierMs = Math.round(rounds * lengthSec * 1_000);
  await rm(found.file);
  const file = await open(path.join(path.dirname(found.file), `${found.startedAt - earlierMs}.mp4`), 'wx');
  await file.write(init.bytes);
  for (let round = 0; round <= rounds; round++) {
    const offsets = new Map(
      init.tracks.map(({ id, timescale }) => [id, Math.round(round * lengthSec * timescale)]),
    );
    const boxes = fragments.flatMap((fragment) => [shiftFragment(fragment, offsets), ...fragment.mdat]);
    await file.write(Buffer.concat(boxes));
  }
  await file.sync();
  await file.close();
  return earlierMs;
}
