import { readArguments, runCommand } from './command.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import type { Db } from './db/client.ts';
import { type Recovered, saveRecovered } from './db/recovered.ts';
import { RecordingFailure } from './domain/failures.ts';
import { recoveryKeys } from './domain/store-keys.ts';
import { clipFacts } from './mp4/clip-facts.ts';
import { leaseMs } from './offsite/manifest.ts';
import { listRecordings, type Remains, readRemains } from './offsite/remains.ts';
import { markRecovered, restoreClip } from './offsite/restore.ts';
import { openBucket } from './store/open-store.ts';
import { type GuardedObjects, ObjectChanged, type Store } from './store/store.ts';
import { withDatabase } from './with-database.ts';

const usage = `Usage:
  npm run -s recover -- --list     lists the recordings that were running on a lost machine
  npm run -s recover [-- --force]  makes their clips from the bucket, and their rows in the database
--force also takes recordings whose server wrote less than ${leaseMs / 1_000} seconds ago.`;

interface Bucket {
  readonly store: Store;
  readonly guarded: GuardedObjects;
}

/**
 * `npm run recover`: makes the clips of a machine that was lost while it recorded, from the bucket alone. The exit code
 * is 1 if a clip cannot be made, or if its server may be alive.
 */
async function main(): Promise<void> {
  const { values } = readArguments(usage, {
    options: { list: { type: 'boolean' }, force: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) return console.log(usage);
  const config = readConfig(process.env);
  const store = openBucket(config);
  if (!store) throw new ConfigError(['R2_BUCKET: expected the bucket that holds the recordings.']);
  const bucket = { store, guarded: store.guarded! };
  try {
    const remains = await readAll(bucket);
    if (values.list) for (const each of remains) console.log(describe(each));
    else if (remains.length > 0) await recoverAll(config, bucket, remains, values.force ?? false);
    if (remains.length === 0) console.log('The bucket holds no unfinished recording.');
  } finally {
    await store.close();
  }
}

async function readAll({ store, guarded }: Bucket): Promise<Remains[]> {
  const found: Remains[] = [];
  for (const objects of await listRecordings(store)) {
    try {
      const remains = await readRemains(store, guarded, objects);
      if (remains) found.push(remains);
    } catch (error) {
      if (error instanceof RecordingFailure) throw error;
      report(objects.playbackId, `cannot be read: ${(error as Error).message}`);
    }
  }
  return found;
}

function report(playbackId: string, problem: string): void {
  console.error(`${playbackId}: ${problem}`);
  process.exitCode = 1;
}

function describe({ manifest, index, stored, ageMs }: Remains): string {
  const { playback, camera, event } = manifest;
  return [
    playback.id,
    camera.name ?? camera.id,
    event?.type ?? 'by hand',
    playback.clipStartedAt ?? playback.startedAt,
    `${(index.durationMs / 1_000).toFixed(1)} s`,
    stored ? 'stored' : `${index.payloadBytes} bytes`,
    `written ${Math.round(ageMs / 1_000)} s ago`,
  ].join('\t');
}

async function recoverAll(config: Config, bucket: Bucket, all: Remains[], force: boolean): Promise<void> {
  await withDatabase(config, async (db) => {
    for (const remains of all) {
      const { id } = remains.manifest.playback;
      const mayBeAlive = remains.ageMs < leaseMs && !remains.manifest.takenAt;
      if (mayBeAlive && !force) {
        const seconds = Math.round(remains.ageMs / 1_000);
        report(id, `its server wrote ${seconds} s ago and may be alive; try again, or use --force`);
        continue;
      }
      try {
        console.log(`${id}: ${await recover(db, bucket, remains)}`);
      } catch (error) {
        const isChanged = error instanceof ObjectChanged;
        report(
          id,
          isChanged ? 'its server is alive, or somebody else recovers it' : (error as Error).message,
        );
      }
    }
  });
}

/**
 * Makes the clip, then its rows, then removes the recovery objects.
 * @returns what was done, as a sentence
 */
async function recover(db: Db, { store, guarded }: Bucket, remains: Remains): Promise<string> {
  const facts = clipFacts(remains.index);
  const hasPayload = remains.objects.payload.length > 0 || remains.parts.size > 0;
  if (!facts && hasPayload) throw new Error('the bucket holds no whole fragment of it');
  await markRecovered(guarded, remains, new Date());
  if (!facts) {
    await remains.upload?.abort();
    await removeObjects(store, remains);
    return 'was lost before any of its footage was in the bucket';
  }
  const clip = await restoreClip(store, guarded, remains);
  const completed = { ...clip, ...facts, address: store.address(clip.key) };
  const isNew = await saveRecovered(db, asRows(remains, completed), new Date());
  await removeObjects(store, remains);
  const seconds = (remains.index.durationMs / 1_000).toFixed(1);
  return isNew ? `recovered ${seconds} s as ${clip.key}` : 'was completed by its server';
}

/** Removes the recovery objects. The manifest comes last, because the others are found by it. */
async function removeObjects(store: Store, { manifest, objects }: Remains): Promise<void> {
  const { manifest: last } = recoveryKeys(manifest.installation, manifest.playback.id);
  const keys = [...objects.keys.filter((key) => key !== last), last];
  await store.removeAll(keys.map((key) => ({ key })));
}

function asRows({ manifest }: Remains, clip: Recovered['clip']): Recovered {
  const { playback, event, camera } = manifest;
  const { clipStartedAt } = playback;
  return {
    camera,
    event: event && { ...event, startedAt: new Date(event.startedAt) },
    playback: {
      ...playback,
      startedAt: new Date(playback.startedAt),
      clipStartedAt: clipStartedAt === null ? null : new Date(clipStartedAt),
      gaps: playback.gaps,
    },
    clip,
  };
}

await runCommand(main, 2);
