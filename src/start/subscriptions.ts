import type { Keys } from '../access/keys.ts';
import type { Config } from '../config.ts';
import { cameraIds } from '../db/cameras.ts';
import { Listener } from '../db/listener.ts';
import { ReviewStretches } from '../db/review-stretches.ts';
import { offsitePlaybacks } from '../db/uploads.ts';
import type { Log } from '../log.ts';
import { ChangeHub } from '../pubsub/change-hub.ts';
import { Notifier } from '../pubsub/notifier.ts';
import { TransitionHub } from '../pubsub/transition-hub.ts';
import type { EnteredDatabase } from './database.ts';
import type { StartOrder } from './order.ts';

export type Subscriptions = Awaited<ReturnType<typeof openSubscriptions>>;

/**
 * Starts what tells subscribers of transitions, of camera states, and of what the bucket has of recordings; and the
 * notifications between nodes. Parts that start later register their channels with `listener`.
 */
export async function openSubscriptions(
  { transitionDays }: Config,
  { parts, log, database, keys }: { parts: StartOrder; log: Log; database: EnteredDatabase; keys: Keys },
) {
  const { url, db, writes, self, isAlone, now, ageClock } = database;
  const { nodeId } = self;
  const listener = new Listener({ url, log });
  const transitions = parts.add(
    'transitions',
    new TransitionHub({
      ...{ db, log, nodeId, keepDays: transitionDays, now: ageClock },
      isNotified: () => listener.isListening,
    }),
  );
  const cameraStates = new ChangeHub({ all: () => cameraIds(db) });
  const offsiteChanges = new ChangeHub({ all: () => offsitePlaybacks(db) });
  await transitions.start();
  const reviewStretches = parts.add('reviewed stretches', new ReviewStretches({ db, log, now }));
  parts.add('listener', listener);
  const send = () => listener.notify('flashback_transitions', nodeId);
  const notifier = parts.add('notifier', new Notifier({ send }));

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
  return { listener, transitions, cameraStates, offsiteChanges, reviewStretches };
}
