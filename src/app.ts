import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createAccess } from './access/access.ts';
import { EventLimit } from './access/event-limit.ts';
import { Keys } from './access/keys.ts';
import { limitAtOnce } from './access/limit-at-once.ts';
import { createPathSigner, linkSecret, opaqueId } from './access/signed-path.ts';
import { createTokenVerifier } from './access/tokens.ts';
import type { Config } from './config.ts';
import { cameraIds } from './db/cameras.ts';
import { shareLinkSecret } from './db/link-secret.ts';
import { Listener } from './db/listener.ts';
import { thisRelease } from './db/migrate.ts';
import { ReviewStretches } from './db/review-stretches.ts';
import { installationId, offsitePlaybacks } from './db/uploads.ts';
import { eventRate } from './domain/event-rate.ts';
import { enterDatabase } from './enter-database.ts';
import { findFfmpeg } from './ffmpeg/binary.ts';
import { Finisher } from './finishing/finisher.ts';
import { SpoolFollower } from './finishing/follow-spools.ts';
import { LostClips } from './finishing/lost-clips.ts';
import { spoolsHere } from './finishing/node-spools.ts';
import { Posters, type PostersOptions } from './finishing/posters.ts';
import { Remover } from './finishing/remover.ts';
import { Retention } from './finishing/retention.ts';
import { ReturnedSpools } from './finishing/returned-spools.ts';
import { StoreWatch } from './finishing/store-watch.ts';
import { Storyboards, type StoryboardsOptions } from './finishing/storyboards.ts';
import { FootageMemory } from './footage/memory.ts';
import type { Services } from './graphql/context.ts';
import { createLinks } from './http/links.ts';
import { Live } from './http/live.ts';
import { serveHttp } from './http/server.ts';
import { ServerAddress } from './http/server-address.ts';
import type { Log } from './log.ts';
import { createMetrics } from './metrics/metrics.ts';
import { demandReady } from './metrics/readiness.ts';
import { handOver } from './nodes/hand-over.ts';
import { OtherNodes } from './nodes/other-nodes.ts';
import { Planner } from './nodes/planner.ts';
import { createCallSigner } from './nodes/signature.ts';
import { openOffsite } from './offsite/recordings.ts';
import { openChildren } from './processes/children.ts';
import { startLauncher } from './processes/launcher.ts';
import { ChangeHub } from './pubsub/change-hub.ts';
import { Notifier } from './pubsub/notifier.ts';
import { TransitionHub } from './pubsub/transition-hub.ts';
import { openPush } from './push/open-push.ts';
import { Admission } from './recording/admission.ts';
import { type CreateSource, sourceFactory } from './recording/feed/create-source.ts';
import { Feeds } from './recording/feed/feeds.ts';
import { OwnCameras } from './recording/feed/own-cameras.ts';
import { tryCamera } from './recording/feed/trial.ts';
import { startResuming } from './recording/interrupted.ts';
import { Recorder } from './recording/recorder.ts';
import { Snapshots } from './recording/snapshots.ts';
import { soundEncoders } from './recording/sound/create-encoder.ts';
import { EncoderThread } from './recording/sound/encoder-thread.ts';
import { neverSetAhead } from './recording/steady-clock.ts';
import { SpoolDisk } from './spool/disk.ts';
import { GrowingSpools } from './spool/growing.ts';
import { openSpool } from './spool/mark.ts';
import { holdsFootage } from './spool/reader.ts';
import { startFailure } from './start-failure.ts';
import { createStartOrder } from './start-order.ts';
import { openStore } from './store/open-store.ts';
import type { Store } from './store/store.ts';
import { Uplink } from './store/uplink.ts';
import { FirstCalls } from './usecases/first-calls.ts';
import { InTurn } from './usecases/in-turn.ts';
import { tasksHere, tasksOfNodes } from './usecases/node-tasks.ts';
import { Wall } from './wall/wall.ts';

export interface App {
  /** Base of this server's addresses, like http://127.0.0.1:4000. */
  readonly url: string;
  /** Where ffmpeg was found, and its version, as texts for a person. */
  readonly ffmpeg: { readonly path: string; readonly version: string; readonly source: string };
  /**
   * From now on the server is not ready. If it works alone, no recording begins any more. Beside other nodes, it hands
   * its cameras and recordings over to them. Everything else goes on until `close`.
   * Resolves when it is time for `close`: after DRAIN_SEC, or once everything is handed over.
   */
  drain(): Promise<void>;
  /**
   * Resolves with the reason if another server has taken this one's place in the database: then this one has to end.
   */
  readonly replaced: Promise<string>;
  /** Resolves when every part has ended. The next start stores the footage that is not in the store yet. */
  close(): Promise<void>;
}

/** How long a server is not ready before it closes its connections, at least: load balancers have to see it. */
const unreadyMs = 2_000;

/** What takes the place of cameras, the bucket and ffmpeg in a simulation of many nodes (test/simulate/). */
export interface Simulated {
  readonly createSource?: CreateSource;
  readonly store?: Store;
  readonly createPosters?: (options: PostersOptions) => Posters;
  readonly createStoryboards?: (options: StoryboardsOptions) => Storyboards;
}

/** The folder that vite builds. The path is the same from src/ and from dist/. */
const dashboardDir = fileURLToPath(new URL('../dist/dashboard', import.meta.url));

/** How long a failed start waits for its parts to close. What they started ends with this process anyway. */
const failWithinMs = 1_500;

/**
 * Starts every part, in this order; closes them in reverse, also when one of them cannot start.
 * @param wallClock this machine's clock, in epoch milliseconds; the parts use it corrected by the database's clock
 * @param stop aborted when the start is no longer wanted
 * @param release the version that it is, and its migrations
 * @param simulated parts that a simulation replaces
 * @throws Error whose message says what is wrong and what to do
 */
export async function startApp(
  config: Config,
  log: Log,
  wallClock: () => number = Date.now,
  stop?: AbortSignal,
  release = thisRelease,
  simulated: Simulated = {},
): Promise<App> {
  const parts = createStartOrder(log, stop);
  const { dataDir, recordDir } = config;
  try {
    // Child processes. Those that a killed server left behind are ended first.
    const childrenDir = path.join(dataDir, 'children');
    const children = parts.add('children', await openChildren({ dir: childrenDir, log }));
    const launcherDir = path.join(dataDir, 'launcher');
    const launcher = parts.add('launcher', startLauncher({ children, dir: launcherDir }));
    const ffmpeg = await findFfmpeg(children, config.ffmpegPath, log);

    // The database, and this server's place in it.
    const database = await enterDatabase(config, { parts, children, log, wallClock, release, stop });
    const { url: databaseUrl, self, isAlone, claim, lease, membership, seal, now } = database;
    const { db, readingDb, writes } = database;
    const { nodeId } = self;

    // Who may call, and where.
    const secret = await shareLinkSecret(db, seal, { own: await linkSecret(dataDir), isAlone });
    const idOf = (hash: string) => opaqueId(secret, hash);
    const keys = parts.add('keys', new Keys({ db, log, now, bootstrap: config.apiKeys, idOf }));
    await keys.start();
    const verifyToken = config.oidc && createTokenVerifier(config.oidc, { now, log });
    const access = createAccess({ keys, verifyToken, host: config.host, now, log });
    const signer = createPathSigner({ secret, ttlSec: config.urlTtlSec, now, holds: access.holds });
    const address = new ServerAddress(config);

    // Tells subscribers of transitions, of camera states, and of what the bucket has of recordings.
    const ageClock = neverSetAhead(now);
    const listener = new Listener({ url: databaseUrl, log });
    const transitions = parts.add(
      'transitions',
      new TransitionHub({
        ...{ db, log, nodeId, keepDays: config.transitionDays, now: ageClock },
        isNotified: () => listener.isListening,
      }),
    );
    const cameraStates = new ChangeHub({ all: () => cameraIds(db) });
    const offsiteChanges = new ChangeHub({ all: () => offsitePlaybacks(db) });
    await transitions.start();
    const reviewStretches = parts.add('reviewed stretches', new ReviewStretches({ db, log, now }));
    parts.add('listener', listener);
    const notifier = parts.add(
      'notifier',
      new Notifier({ send: () => listener.notify('flashback_transitions', nodeId) }),
    );
    listener.on('flashback_transitions', (from) => from !== nodeId && transitions.nudgeByOther());
    listener.on('flashback_cameras', (cameraId) => cameraStates.publish(cameraId));
    listener.on('flashback_offsite', (playbackId) => offsiteChanges.publish(playbackId));
    listener.on('flashback_keys', () => keys.nudge());
    listener.onConnect(async () => {
      transitions.nudge();
      notifier.retry();
      keys.nudge();
      await cameraStates.publishAll();
      await offsiteChanges.publishAll();
    });
    listener.start();
    writes.on('flashback_transitions', () => {
      transitions.nudge();
      if (!isAlone) notifier.note();
    });

    // From spool to store.
    const sign = (key: string, holder: string) => signer.sign('media', key, holder);
    const { store, serve } = simulated.store
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
    const { nodeLostAfterHours: lostAfterHours } = config;
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

    // From camera to spool.
    const memory = new FootageMemory();
    const { privateCameras } = config;
    const createSource =
      simulated.createSource ?? sourceFactory({ memory, privateCameras, launcher, ffmpeg });
    const disk = new SpoolDisk(config, log);
    const problem = () => disk.problem;
    const feeds = parts.add('feeds', new Feeds({ db, createSource, ringLimits: config, problem, log, now }));
    const thread = parts.add('encoder of sound', new EncoderThread({ log }));
    const createSoundEncoder = soundEncoders({ thread, memory, launcher, ffmpeg, log });
    const { maxRecordings, cameraLostSec } = config;
    const admission = new Admission({ maxRecordings, disk, camerasOn: () => feeds.camerasOn() });
    const onFirstFrame = (playbackId: string) => posters.expect(playbackId);
    const recorder = parts.add(
      'recorder',
      new Recorder({
        ...{ db, nodeId, isAlone, feeds, disk, admission, recordDir, growing, cameraLostSec },
        ...{ createSoundEncoder, onFirstFrame, log, now },
      }),
    );
    await openSpool(db, nodeId, recordDir, log);
    await disk.look();
    await membership.tellProblem(problem);
    const planner = parts.add('planner', new Planner({ db, membership, log }));
    await planner.start();
    const ownCameras = parts.add('own cameras', new OwnCameras({ db, self, feeds, log, now }));
    listener.on('flashback_feeds', (owner) => owner === nodeId && ownCameras.nudge());
    listener.onConnect(() => ownCameras.nudge());
    await ownCameras.start();
    parts.add(
      'interrupted recordings',
      await startResuming({ db, self, feeds, recorder, recordDir, disk, log, now }),
    );
    recorder.start();
    await finisher.start();
    await storyboards.start();
    if (lostClips && !isAlone) parts.add('clips of lost nodes', lostClips).start();
    returnedSpools.start();
    follower.start();
    offsite?.start();
    remover.start();
    retention.start();

    const push = parts.add(
      'push messages',
      await openPush(config, { db, databaseUrl, seal, access, log, now }),
    );
    push.start();

    // The API.
    const live = parts.add('live', new Live({ db, recordDir }));
    const snapshots = new Snapshots({ feeds, launcher, ffmpeg });
    const trialAtOnce = limitAtOnce({ noun: 'tests of cameras', most: 4, mostPerKey: 2, lastsMs: 10_000 });
    const callSigner = createCallSigner(secret, now);
    const others = new OtherNodes({ db, self, isAlone, signer: callSigner });
    const wall = parts.add('live wall', new Wall({ db, feeds, others, now, log }));
    const isElsewhere = (nodeId: string | null) => others.isElsewhere(nodeId);
    // If the footage cannot be read now, a retry would fail now, so it counts as absent.
    const holdsFootageHere = (id: string) => holdsFootage(recordDir, id).catch(() => false);
    const rate = eventRate(config.eventsPerMinute);
    const common = {
      ...{ admission, recorder, feeds, finisher, eventRate: rate, firstCalls: new FirstCalls() },
      now: () => new Date(now()),
    };
    const here = tasksHere({
      ...common,
      db,
      inTurn: new InTurn(),
      holdsFootage: holdsFootageHere,
      spools: spoolsHere(db, recordDir),
    });
    const services: Services = {
      ...{ db: readingDb, writingDb: db, ...common, ownCameras, remover, keys },
      ...{ transitions, cameraStates, offsiteChanges, reviewStretches },
      ...{
        tasksOf: tasksOfNodes(here, others),
        isElsewhere,
        otherNodes: () => others.live(),
        planOwners: () => planner.plan(),
      },
      push,
      note: (fields, text) => log.info(fields, text),
      lostAfterHours,
      eventLimit: new EventLimit(rate, now),
      tryCamera: (caller, camera) =>
        trialAtOnce(caller, () => tryCamera(camera, { createSource, launcher, ffmpeg })),
      offsiteUntil: (playbackId) => offsite?.until(playbackId),
      storeProblem: () => storeWatch.problem?.message,
      links: createLinks({ address, signer, store, posters, snapshots, isElsewhere, now }),
    };
    const metrics = createMetrics({ db, feeds, recorder, disk, finisher, storeWatch, transitions });
    let isStopping = false;
    const ready = () => demandReady({ claim, isStopping: () => isStopping, db, readingDb, disk, storeWatch });
    const drain = async () => {
      isStopping = true;
      const withinMs = config.drainSec * 1_000;
      // A server that works alone begins no more recordings. Beside other nodes, it goes on until they have taken over.
      if (isAlone) admission.drain();
      const handedOver = isAlone ? sleep(withinMs) : handOver({ db, lease, self, log, withinMs });
      await Promise.all([handedOver, sleep(Math.min(withinMs, unreadyMs))]);
      admission.drain();
    };
    parts.add(
      'http',
      await serveHttp(services, {
        ...config,
        ...{
          address,
          access,
          signer,
          log,
          dashboardDir,
          media: serve,
          live,
          wall,
          snapshots,
          metrics,
          ready,
        },
        nodeCalls: { self, signer: callSigner, here, others },
        urlOf: (key) => store.url(key),
        read: (key) => store.read(key),
      }),
    );
    const { url } = address;
    log.info({ url, ffmpeg: `${ffmpeg.version} (${ffmpeg.source})`, store: store.kind }, 'ready');
    const { replaced } = membership;
    return { url, ffmpeg, replaced, drain, close: () => parts.close() };
  } catch (error) {
    await Promise.race([parts.close(), sleep(failWithinMs)]);
    throw startFailure(error, config);
  }
}
