import type { PathSigner } from '../access/signed-path.ts';
import type { Config } from '../config.ts';
import { installationId } from '../db/uploads.ts';
import { Finisher } from '../finishing/finisher.ts';
import { SpoolFollower } from '../finishing/follow-spools.ts';
import { LostClips } from '../finishing/lost-clips.ts';
import { Posters } from '../finishing/posters.ts';
import { Remover } from '../finishing/remover.ts';
import { Retention } from '../finishing/retention.ts';
import { ReturnedSpools } from '../finishing/returned-spools.ts';
import { StoreWatch } from '../finishing/store-watch.ts';
import { Storyboards } from '../finishing/storyboards.ts';
import type { ServerAddress } from '../http/server-address.ts';
import type { Log } from '../log.ts';
import { openOffsite } from '../offsite/recordings.ts';
import { GrowingSpools } from '../spool/growing.ts';
import { type OpenStore, openStore } from '../store/open-store.ts';
import { Uplink } from '../store/uplink.ts';
import type { ChildProcesses } from './child-processes.ts';
import type { EnteredDatabase } from './database.ts';
import type { StartOrder } from './order.ts';
import type { Simulated } from './simulated.ts';

export interface FinishingSources {
  readonly parts: StartOrder;
  readonly log: Log;
  readonly processes: ChildProcesses;
  readonly database: EnteredDatabase;
  readonly address: ServerAddress;
  readonly signer: PathSigner;
  readonly simulated: Simulated;
}

export type Finishing = Awaited<ReturnType<typeof openFinishing>>;

/**
 * Opens what brings footage from the spool into the store, and what removes it from there. Nothing is made, uploaded or
 * removed before `start` is called: call it once interrupted recordings have been resumed.
 */
export async function openFinishing(config: Config, sources: FinishingSources) {
  const { parts, log, processes, database, address, signer, simulated } = sources;
  const { recordDir, nodeLostAfterHours: lostAfterHours } = config;
  const { launcher, ffmpeg } = processes;
  const { url: databaseUrl, db, writes, self, isAlone, now, ageClock } = database;
  const { nodeId } = self;

  const sign = (key: string, holder: string) => signer.sign('media', key, holder);
  const { store, serve }: OpenStore = simulated.store
    ? { store: simulated.store, serve: undefined }
    : openStore(config, { baseUrl: () => address.url, sign }, log);
  parts.add('store', store);
  const storeWatch = parts.add('store watch', new StoreWatch(store, log));
  storeWatch.start();

  const createPosters = simulated.createPosters ?? ((options) => new Posters(options));
  const posters = parts.add('posters', createPosters({ launcher, ffmpeg, recordDir }));
  const createStoryboards = simulated.createStoryboards ?? ((options) => new Storyboards(options));
  const storyboards = parts.add(
    'storyboards',
    createStoryboards({ db, store, storeWatch, launcher, ffmpeg, recordDir, log }),
  );

  const installation = await installationId(db);
  const uplink = new Uplink(config.uploadMaxBitsPerSec);
  const growing = new GrowingSpools();
  const offsite = openOffsite(config, { db, store, growing, uplink, installation, recordDir, log });
  if (offsite) parts.add('copies in the bucket', offsite);
  const follower = parts.add(
    'uploads of what is recorded',
    new SpoolFollower({ db, store, storeWatch, offsite, installation, recordDir, growing, uplink, log }),
  );
  const { guarded } = store;
  const lostClips =
    guarded &&
    new LostClips({
      ...{ db, self, store, guarded, posters, storyboards, installation, lostAfterHours, log, now },
    });
  const finisher = parts.add(
    'finisher',
    new Finisher({
      ...{ db, databaseUrl, nodeId, store, storeWatch, posters, storyboards, follower },
      ...{ offsite, lostClips, uplink },
      ...{ recordDir, log, now },
    }),
  );
  writes.on('flashback_jobs', () => finisher.nudge());
  const returnedSpools = parts.add(
    'returned spools',
    new ReturnedSpools({ db, nodeId, store, uplink, installation, recordDir, log }),
  );

  const remover = parts.add('remover', new Remover({ db, store, storeWatch, log }));
  const onRemoved = () => remover.nudge();
  const retention = parts.add(
    'retention',
    new Retention({ db, days: config.retentionDays, log, now: ageClock, onRemoved }),
  );

  const start = async () => {
    await finisher.start();
    await storyboards.start();
    if (lostClips && !isAlone) parts.add('clips of lost nodes', lostClips).start();
    returnedSpools.start();
    follower.start();
    offsite?.start();
    remover.start();
    retention.start();
  };
  return { store, serve, storeWatch, posters, growing, offsite, finisher, remover, start };
}
