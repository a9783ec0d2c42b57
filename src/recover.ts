import { parseArgs } from 'node:util';
import { type Config, ConfigError, readConfig } from './config.ts';
import type { Db } from './db/client.ts';
import { DatabaseUnfit } from './db/reach.ts';
import { type Recovered, saveRecovered } from './db/recovered.ts';
import { RecordingFailure } from './domain/failures.ts';
import { resolution } from './mp4/init-segment.ts';
import { leaseMs } from './offsite/manifest.ts';
import { listRecordings, type Remains, readRemains } from './offsite/remains.ts';
import { type RestoredClip, restoreClip, takeOver } from './offsite/restore.ts';
import { createS3Store } from './store/s3.ts';
import { type GuardedObjects, ObjectChanged, type Store } from './store/store.ts';
import { withDatabase } from './with-database.ts';

const usage = `Usage:
  npm run -s recover -- --list     shows the recordings that a lost machine had under way
  npm run -s recover [-- --force]  makes their clips from the bucket, and their rows in the database
--force also takes recordings whose server wrote less than ${leaseMs / 1_000} seconds ago.`;

class UsageError extends Error {}

interface Bucket {
  readonly store: Store;
  readonly guarded: GuardedObjects;
}

/**
 * `npm run recover`: clips of a machine that was lost while it recorded, from the bucket alone. Ends with 1 if one cannot
 * be made, or may belong to a server that is alive.
 */
async function main(): Promise<void> {
  const { values } = readArguments();
  if (values.help) return console.log(usage);
  const config = readConfig(process.env);
  if (!config.r2) throw new ConfigError(['R2_BUCKET: expected the bucket that holds the recordings.']);
  const store = createS3Store(config.r2);
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

function readArguments() {
  const options = {
    list: { type: 'boolean' },
    force: { type: 'boolean' },
    help: { type: 'boolean' },
  } as const;
  try {
    return parseArgs({ options });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0]}.\n${usage}`);
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

/** Clip, then rows, then nothing is needed in the bucket any more. @returns what was done, in words */
async function recover(db: Db, { store, guarded }: Bucket, remains: Remains): Promise<string> {
  if (!remains.index.tracks.some(({ kind }) => kind === 'video'))
    throw new Error('the bucket holds no whole fragment of it');
  await takeOver(guarded, remains, new Date());
  const clip = await restoreClip(store, guarded, remains);
  const isNew = await saveRecovered(db, asRows(remains, clip, store.address(clip.key)), new Date());
  // The manifest goes last: without it, nothing of this would be found again.
  const keys = [...remains.objects.keys].sort((a, b) => Number(isManifest(a)) - Number(isManifest(b)));
  await store.removeAll(keys.map((key) => ({ key })));
  const seconds = (remains.index.durationMs / 1_000).toFixed(1);
  return isNew ? `recovered ${seconds} s as ${clip.key}` : 'was completed by its server';
}

const isManifest = (key: string) => key.endsWith('/manifest.json');

function asRows({ manifest, index }: Remains, clip: RestoredClip, address: string): Recovered {
  const { playback, event, camera } = manifest;
  const video = index.tracks.find(({ kind }) => kind === 'video')!;
  const audio = index.tracks.find(({ kind }) => kind === 'audio');
  const date = (text: string) => new Date(text);
  return {
    camera,
    event: event && { ...event, type: event.type as 'MOTION', startedAt: date(event.startedAt) },
    playback: {
      ...playback,
      startedAt: date(playback.startedAt),
      clipStartedAt: playback.clipStartedAt ? date(playback.clipStartedAt) : null,
      gaps: [...playback.gaps],
    },
    clip: {
      ...clip,
      address,
      durationMs: index.durationMs,
      codec: video.codec,
      audioCodec: audio?.codec ?? null,
      resolution: resolution(video) ?? null,
    },
  };
}

main().catch((error: Error) => {
  const isExpected = [UsageError, ConfigError, DatabaseUnfit, RecordingFailure].some(
    (kind) => error instanceof kind,
  );
  console.error(isExpected || 'code' in error ? error.message : error.stack);
  process.exitCode = 2;
});
