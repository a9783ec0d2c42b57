// What happens to a node that is killed with its disk, or that the others declare lost.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spoolMark } from '../../src/spool/mark.ts';
import type { Node } from './node.ts';
import { type Held, isNewest } from './rows.ts';
import type { World } from './world.ts';

/** Waits until the bucket has something of everything that the node records, but not for ever. */
export async function awaitCopies(world: World, node: Node): Promise<void> {
  const deadline = Date.now() + 6_000;
  while (isMissing(await world.heldBy(node)) && Date.now() < deadline) await sleep(50);
}

/** Removes the disk of a node that was killed, unless that would lose a whole playback. @returns what was lost */
export async function loseDisk(world: World, node: Node): Promise<Held['unfinished']> {
  const { unfinished } = await world.heldBy(node);
  if (isMissing({ unfinished })) {
    world.count('disks that were kept, because the bucket had nothing of a playback');
    return [];
  }
  await rm(node.dataDir, { recursive: true, force: true, maxRetries: 10 });
  // An operator says so that the disk is lost, and not only absent.
  const spool = path.join(node.dataDir, 'spool');
  await mkdir(spool, { recursive: true, mode: 0o700 });
  await writeFile(spoolMark(spool), '');
  // Other nodes wait for a minute in case it comes back with its disk. Here it does not.
  for (const [key, object] of world.bucket.contents.objects)
    if (key.endsWith('manifest.json') && unfinished.some(({ id }) => key.includes(id)))
      object.modified = new Date(object.modified.getTime() - 61_000);
  return unfinished;
}

const isMissing = ({ unfinished }: Pick<Held, 'unfinished'>) =>
  unfinished.some(({ copiedUntil }) => !copiedUntil);

/** A node that was declared lost has to end; any other one has to go on. Resolves when it has. */
export async function awaitPlace(world: World, node: Node): Promise<void> {
  if (!world.isTogether || !node.server.isAlive) return;
  const deadline = Date.now() + 20_000;
  while (node.server.isAlive) {
    const isInPlace = await isNewest(world.databaseUrl, node.id, node.incarnation);
    if (isInPlace) return;
    if (Date.now() > deadline) {
      const what = isInPlace === false ? 'was declared lost and goes on' : 'has no lease';
      return world.breach(`${node.id} ${what}`);
    }
    await sleep(50);
  }
  world.count('nodes that were declared lost and ended');
}
