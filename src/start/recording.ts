import type { Config } from '../config.ts';
import type { Listener } from '../db/listener.ts';
import type { Posters } from '../finishing/posters.ts';
import { FootageMemory } from '../footage/memory.ts';
import type { Log } from '../log.ts';
import { Planner } from '../nodes/planner.ts';
import { Admission } from '../recording/admission.ts';
import { sourceFactory } from '../recording/feed/create-source.ts';
import { Feeds } from '../recording/feed/feeds.ts';
import { OwnCameras } from '../recording/feed/own-cameras.ts';
import { startResuming } from '../recording/interrupted.ts';
import { Recorder } from '../recording/recorder.ts';
import { soundEncoders } from '../recording/sound/create-encoder.ts';
import { EncoderThread } from '../recording/sound/encoder-thread.ts';
import { SpoolDisk } from '../spool/disk.ts';
import type { GrowingSpools } from '../spool/growing.ts';
import { openSpool } from '../spool/mark.ts';
import type { ChildProcesses } from './child-processes.ts';
import type { EnteredDatabase } from './database.ts';
import type { StartOrder } from './order.ts';
import type { Simulated } from './simulated.ts';

export interface RecordingSources {
  readonly parts: StartOrder;
  readonly log: Log;
  readonly processes: ChildProcesses;
  readonly database: EnteredDatabase;
  readonly listener: Listener;
  readonly growing: GrowingSpools;
  readonly posters: Posters;
  readonly simulated: Simulated;
}

export type Recording = Awaited<ReturnType<typeof openRecording>>;

/**
 * Opens what brings footage from the cameras into the spool: connects to the cameras of this node, and resumes or
 * finishes interrupted recordings.
 */
export async function openRecording(config: Config, sources: RecordingSources) {
  const { parts, log, processes, database, listener, growing, posters, simulated } = sources;
  const { recordDir, privateCameras, maxRecordings, cameraLostSec } = config;
  const { launcher, ffmpeg } = processes;
  const { db, self, isAlone, membership, now } = database;
  const { nodeId } = self;

  const memory = new FootageMemory();
  const createSource = simulated.createSource ?? sourceFactory({ memory, privateCameras, launcher, ffmpeg });
  const disk = new SpoolDisk(config, log);
  const problem = () => disk.problem;
  const feeds = parts.add('feeds', new Feeds({ db, createSource, ringLimits: config, problem, log, now }));
  const thread = parts.add('encoder of sound', new EncoderThread({ log }));
  const createSoundEncoder = soundEncoders({ thread, memory, launcher, ffmpeg, log });
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
  return { createSource, disk, feeds, admission, recorder, planner, ownCameras };
}
