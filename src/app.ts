import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createAccess } from './access/access.ts';
import { limitEvents } from './access/event-rate.ts';
import { Keys } from './access/keys.ts';
import { createPathSigner, linkSecret, opaqueId } from './access/signed-path.ts';
import { createTokenVerifier } from './access/tokens.ts';
import type { Config } from './config.ts';
import { cameraIds } from './db/cameras.ts';
import { claimDatabase } from './db/claim.ts';
import { connectDb, forReading } from './db/client.ts';
import { migrateJobs } from './db/finishing-queue.ts';
import { listen } from './db/listener.ts';
import { applyMigrations } from './db/migrate.ts';
import { proveDatabase, proveSchema } from './db/proof.ts';
import { proveConnection } from './db/reach.ts';
import { createSeal, type Seal } from './db/seal.ts';
import { sealAddresses } from './db/sealed-addresses.ts';
import { dropEarlierKeys, readSecretKeys, secretKeyFile } from './db/secret-keys.ts';
import { startDatabaseServer } from './db/server.ts';
import type { Caller } from './domain/caller.ts';
import { findFfmpeg } from './ffmpeg/binary.ts';
import { Finisher } from './finishing/finisher.ts';
import { Posters } from './finishing/posters.ts';
import { Remover } from './finishing/remover.ts';
import { Retention } from './finishing/retention.ts';
import { StoreWatch } from './finishing/store-watch.ts';
import { FootageMemory } from './footage/memory.ts';
import type { Playback } from './generated/prisma/client.ts';
import type { Services } from './graphql/context.ts';
import { Live } from './http/live.ts';
import { serveHttp } from './http/server.ts';
import type { Log } from './log.ts';
import { createMetrics } from './metrics/metrics.ts';
import { makePrivateFolder } from './private-folder.ts';
import { openChildren } from './processes/children.ts';
import { startLauncher } from './processes/launcher.ts';
import { CameraHub } from './pubsub/camera-hub.ts';
import { TransitionHub } from './pubsub/transition-hub.ts';
import { Admission } from './recording/admission.ts';
import { sourceFactory } from './recording/feed/create-source.ts';
import { Feeds } from './recording/feed/feeds.ts';
import { tryCamera } from './recording/feed/trial.ts';
import { Recorder } from './recording/recorder.ts';
import { startRecovery } from './recording/recovery.ts';
import { Snapshots } from './recording/snapshots.ts';
import { soundEncoders } from './recording/sound/create-encoder.ts';
import { EncoderThread } from './recording/sound/encoder-thread.ts';
import { neverSetAhead } from './recording/steady-clock.ts';
import { SpoolDisk } from './spool/disk.ts';
import { holdsFootage } from './spool/reader.ts';
import { startFailure } from './start-failure.ts';
import { createLocalStore } from './store/local.ts';
import { createS3Store } from './store/s3.ts';
import { serveLocal } from './store/serve-local.ts';
import { FirstCalls } from './usecases/first-calls.ts';

export interface App {
  /** Base of this server's addresses, like http://127.0.0.1:4000. */
  readonly url: string;
  /** For people: where ffmpeg was found, and its version. */
  readonly ffmpeg: { readonly path: string; readonly version: string; readonly source: string };
  /** From now on it is not ready and no recording begins; all else goes on until close. */
  drain(): void;
  /** Resolves when every part is really over; footage not yet in the store is taken up by the next start. */
  close(): Promise<void>;
}

/** A service manager may start this server while the one before it is still ending. */
const predecessorMs = 12_000;

const migrations = fileURLToPath(new URL('../prisma/migrations', import.meta.url));
/** Built by vite; from src/ as from dist/ the same. */
const dashboardDir = fileURLToPath(new URL('../dist/dashboard', import.meta.url));

/** A start that failed does not wait longer for its parts to close: whatever they started ends with this process. */
const failWithinMs = 1_500;

/**
 * Starts every part, in this order; closes them in reverse, also when one of them cannot start.
 * @param now the wall clock, in epoch milliseconds
 * @param stop aborted where nobody wants it any more while it starts
 * @throws Error whose message says what is wrong and what to do
 */
export async function startApp(
  config: Config,
  log: Log,
  now: () => number = Date.now,
  stop?: AbortSignal,
): Promise<App> {
  const started: { name: string; close: () => Promise<void> | void }[] = [];
  const part = <T>(name: string, it: T, close: (it: T) => Promise<void> | void): T => {
    log.debug({ part: name }, 'started');
    started.push({ name, close: () => close(it) });
    stop?.throwIfAborted();
    return it;
  };
  const close = async () => {
    for (const { name, close } of started.splice(0).reverse()) {
      // One that cannot be closed keeps no other from it.
      await Promise.resolve()
        .then(close)
        .then(
          () => log.debug({ part: name }, 'closed'),
          (error: Error) => log.error({ part: name, error }, 'a part could not be closed'),
        );
    }
  };

  try {
    const { dataDir, recordDir } = config;

    // Processes: what an earlier run left behind is ended first.
    const children = part(
      'children',
      await openChildren({ dir: path.join(dataDir, 'children'), log }),
      (it) => it.close(),
    );
    const launcher = part(
      'launcher',
      startLauncher({ children, dir: path.join(dataDir, 'launcher') }),
      (it) => it.close(),
    );
    const ffmpeg = await findFfmpeg(children, config.ffmpegPath, log);

    // The database.
    if (config.databaseUrl) await proveConnection(config.databaseUrl);
    const databaseUrl =
      config.databaseUrl ??
      part('database server', await startDatabaseServer({ dataDir, children, log }), (it) => it.close()).url;
    const claim = part('claim', await claimDatabase({ url: databaseUrl, log, waitMs: predecessorMs }), (it) =>
      it.close(),
    );
    for (const name of await applyMigrations(databaseUrl, migrations))
      log.info({ name }, 'a migration was applied');
    await migrateJobs(databaseUrl, log);
    const seal = await sealedWith(config, databaseUrl, log);
    const db = part('database', connectDb(databaseUrl, { seal }), (it) => it.$disconnect());
    // However much is read through the API, recording does not wait for a connection.
    const readingDb = part('database for reading', connectDb(databaseUrl, { ...forReading, seal }), (it) =>
      it.$disconnect(),
    );
    await proveSchema(db);
    await proveDatabase({ db, readingDb });

    // Who may call.
    const secret = await linkSecret(dataDir);
    const keys = part(
      'keys',
      new Keys({ db, log, now, bootstrap: config.apiKeys, idOf: (hash) => opaqueId(secret, hash) }),
      (it) => it.close(),
    );
    await keys.start();
    const verifyToken = config.oidc && createTokenVerifier(config.oidc, { now, log });
    const access = createAccess({ keys, verifyToken, host: config.host, now, log });
    const signer = createPathSigner({ secret, ttlSec: config.urlTtlSec, now, holds: access.holds });

    // Transitions and camera states out to subscribers.
    const transitions = part(
      'transitions',
      new TransitionHub({ db, log, keepDays: config.transitionDays, now: neverSetAhead(now) }),
      (it) => it.close(),
    );
    const cameraStates = new CameraHub();
    await transitions.start();
    part(
      'listener',
      listen(
        { url: databaseUrl, channels: ['flashback_transitions', 'flashback_cameras', 'flashback_keys'], log },
        {
          connect: async () => {
            transitions.nudge();
            keys.nudge();
            for (const id of await cameraIds(db)) cameraStates.publish(id);
          },
          notification: (channel, payload) => {
            if (channel === 'flashback_cameras') cameraStates.publish(payload);
            else if (channel === 'flashback_keys') keys.nudge();
            else transitions.nudge();
          },
        },
      ),
      (it) => it.close(),
    );

    // From spool to store.
    const mediaDir = path.join(dataDir, 'media');
    if (!config.r2) makePrivateFolder(mediaDir, log);
    let url = config.publicUrl ?? `http://${config.host}:${config.port}`;
    const store = part(
      'store',
      config.r2
        ? createS3Store(config.r2)
        : createLocalStore({
            dir: mediaDir,
            baseUrl: () => url,
            sign: (key, holder) => signer.sign('media', key, holder),
          }),
      (it) => it.close(),
    );
    const storeWatch = part('store watch', new StoreWatch(store, log), (it) => it.close());
    storeWatch.start();
    const posters = part('posters', new Posters({ launcher, ffmpeg, recordDir }), (it) => it.close());
    const finisher = part(
      'finisher',
      new Finisher({ db, databaseUrl, store, storeWatch, posters, recordDir, log, now }),
      (it) => it.close(),
    );
    const remover = part('remover', new Remover({ db, store, storeWatch, log }), (it) => it.close());
    const retention = part(
      'retention',
      new Retention({
        ...{ db, days: config.retentionDays, log, now: neverSetAhead(now) },
        onRemoved: () => remover.nudge(),
      }),
      (it) => it.close(),
    );

    // From camera to spool.
    const memory = new FootageMemory();
    const createSource = sourceFactory({ memory, privateCameras: config.privateCameras, launcher, ffmpeg });
    const feeds = part(
      'feeds',
      new Feeds({
        db,
        createSource,
        ringLimits: config,
        log,
        now,
      }),
      (it) => it.close(),
    );
    const encoderThread = part('encoder of sound', new EncoderThread({ log }), (it) => it.close());
    const disk = new SpoolDisk(config, log);
    const admission = new Admission({
      ...{ disk, maxRecordings: config.maxRecordings },
      camerasOn: () => feeds.camerasOn(),
    });
    const recorder = part(
      'recorder',
      new Recorder({
        db,
        feeds,
        disk,
        admission,
        recordDir,
        cameraLostSec: config.cameraLostSec,
        createSoundEncoder: soundEncoders({ thread: encoderThread, memory, launcher, ffmpeg, log }),
        onFirstFrame: (playbackId) => posters.expect(playbackId),
        log,
        now,
      }),
      (it) => it.close(),
    );
    for (const camera of await db.camera.findMany()) await feeds.sync(camera);
    part('recovery', await startRecovery({ db, feeds, recorder, recordDir, log, now }), (it) => it.close());
    recorder.start();
    await finisher.start();
    remover.start();
    retention.start();

    const live = part('live', new Live({ db, recordDir }), (it) => it.close());
    const snapshots = new Snapshots({ feeds, launcher, ffmpeg });

    // The API.
    /** Of a recording that is on this server's disk. */
    const liveLink = ({ id, recordingStatus, clipStartedAt }: Playback, name: string, { holder }: Caller) =>
      clipStartedAt && (recordingStatus === 'RECORDING' || recordingStatus === 'PROCESSING')
        ? `${url}${signer.sign('live', id, holder)}/${name}`
        : null;
    const services: Services = {
      db: readingDb,
      writingDb: db,
      now: () => new Date(now()),
      ...{ admission, recorder, feeds, finisher, remover, keys },
      firstCalls: new FirstCalls(),
      takeEvent: limitEvents(config.eventsPerMinute, now),
      tryCamera: (camera) => tryCamera(camera, { createSource, launcher, ffmpeg }),
      // Footage that cannot be read now cannot be retried now.
      holdsFootage: (id) => holdsFootage(recordDir, id).catch(() => false),
      subscriptions: {
        transitions: (filter, after) => transitions.subscribe(filter, after),
        cameras: (isWanted) => cameraStates.subscribe(isWanted, () => cameraIds(db)),
      },
      store: { problem: () => storeWatch.problem?.message },
      links: {
        object: (key, { holder }) => store.url(key, holder),
        download: (key, name, { holder }) => store.downloadUrl(key, name, holder),
        live: (playback, caller) => liveLink(playback, 'index.m3u8', caller),
        poster: async (playback, caller) => {
          const link = liveLink(playback, 'poster.jpg', caller);
          return link && (await posters.has(playback.id)) ? link : null;
        },
        snapshot: ({ id }, { holder }) =>
          snapshots.has(id) ? `${url}${signer.sign('snapshots', `${id}.jpg`, holder)}` : null,
      },
    };
    const http = part(
      'http',
      await serveHttp(services, {
        ...config,
        access,
        signer,
        log,
        dashboardDir,
        media: config.r2 ? undefined : serveLocal(mediaDir),
        live: (request, response, path) => live.answer(request, response, path),
        snapshot: (cameraId) => snapshots.of(cameraId),
        metrics: createMetrics({ db, feeds, recorder, disk, finisher, storeWatch, transitions }),
        ready: async () => {
          if (claim.problem) throw new Error(claim.problem);
          if (admission.isDraining) throw new Error('The server is stopping.');
          await proveDatabase({ db, readingDb });
          if (disk.problem) throw new Error(`No recording can begin: ${disk.problem}`);
          await storeWatch.look();
          storeWatch.demand();
        },
      }),
      (it) => it.close(),
    );
    url =
      config.publicUrl ??
      `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${http.port}`;
    log.info({ url, ffmpeg: `${ffmpeg.version} (${ffmpeg.source})`, store: store.kind }, 'ready');
    return { url, ffmpeg, drain: () => admission.drain(), close };
  } catch (error) {
    await Promise.race([close(), sleep(failWithinMs)]);
    throw startFailure(error, config);
  }
}

/** The seal of cameras' addresses, once all that can be sealed with its current key is. */
async function sealedWith({ dataDir, secretKeys }: Config, databaseUrl: string, log: Log): Promise<Seal> {
  const seal = createSeal(await readSecretKeys(dataDir, secretKeys));
  const db = connectDb(databaseUrl);
  const { sealed, unreadable } = await sealAddresses(db, seal).finally(() => db.$disconnect());
  if (sealed > 0) log.info({ cameras: sealed }, 'addresses of cameras were sealed');
  if (unreadable > 0) {
    log.error(
      { cameras: unreadable },
      `addresses of cameras are sealed with a key that is not here; restore SECRET_KEY or ${secretKeyFile(dataDir)}`,
    );
  } else if (!secretKeys) await dropEarlierKeys(dataDir);
  return seal;
}
