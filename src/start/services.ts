import { EventLimit } from '../access/event-limit.ts';
import type { Keys } from '../access/keys.ts';
import { limitAtOnce } from '../access/limit-at-once.ts';
import type { Config } from '../config.ts';
import { eventRate } from '../domain/event-rate.ts';
import { spoolsHere } from '../finishing/node-spools.ts';
import type { Services } from '../graphql/context.ts';
import type { Log } from '../log.ts';
import type { OtherNodes } from '../nodes/other-nodes.ts';
import { tryCamera } from '../recording/feed/trial.ts';
import { holdsFootage } from '../spool/reader.ts';
import { FirstCalls } from '../usecases/first-calls.ts';
import { InTurn } from '../usecases/in-turn.ts';
import { type NodeTasks, tasksHere, tasksOfNodes } from '../usecases/node-tasks.ts';
import type { ChildProcesses } from './child-processes.ts';
import type { EnteredDatabase } from './database.ts';
import type { Finishing } from './finishing.ts';
import type { Recording } from './recording.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface ServiceSources {
  readonly log: Log;
  readonly processes: ChildProcesses;
  readonly database: EnteredDatabase;
  readonly keys: Keys;
  readonly subscriptions: Subscriptions;
  readonly finishing: Finishing;
  readonly recording: Recording;
  readonly push: Services['push'];
  readonly others: OtherNodes;
  readonly links: Services['links'];
}

/** Makes what resolvers use, and the tasks that this node does for itself and for other nodes. */
export function createServices(
  config: Config,
  sources: ServiceSources,
): { services: Services; here: NodeTasks } {
  const { log, processes, database, keys, finishing, push, others, links } = sources;
  const { db, readingDb, now } = database;
  const { transitions, cameraStates, offsiteChanges, reviewStretches } = sources.subscriptions;
  const { createSource, feeds, admission, recorder, planner, ownCameras } = sources.recording;
  const { finisher, remover, offsite, storeWatch } = finishing;
  const { recordDir } = config;

  const rate = eventRate(config.eventsPerMinute);
  const common = {
    ...{ admission, recorder, feeds, finisher, eventRate: rate, firstCalls: new FirstCalls() },
    now: () => new Date(now()),
  };
  const here = tasksHere({
    ...common,
    db,
    inTurn: new InTurn(),
    // If the footage cannot be read now, a retry would fail now, so it counts as absent.
    holdsFootage: (id) => holdsFootage(recordDir, id).catch(() => false),
    spools: spoolsHere(db, recordDir),
  });

  const { launcher, ffmpeg } = processes;
  const trialAtOnce = limitAtOnce({ noun: 'tests of cameras', most: 4, mostPerKey: 2, lastsMs: 10_000 });
  const services: Services = {
    ...{ db: readingDb, writingDb: db, ...common, ownCameras, remover, keys, push, links },
    ...{ transitions, cameraStates, offsiteChanges, reviewStretches },
    tasksOf: tasksOfNodes(here, others),
    isElsewhere: (nodeId) => others.isElsewhere(nodeId),
    otherNodes: () => others.live(),
    planOwners: () => planner.plan(),
    note: (fields, text) => log.info(fields, text),
    lostAfterHours: config.nodeLostAfterHours,
    eventLimit: new EventLimit(rate, now),
    tryCamera: (caller, camera) =>
      trialAtOnce(caller, () => tryCamera(camera, { createSource, launcher, ffmpeg })),
    offsiteUntil: (playbackId) => offsite?.until(playbackId),
    storeProblem: () => storeWatch.problem?.message,
  };
  return { services, here };
}
