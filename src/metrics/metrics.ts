import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Db } from '../db/client.ts';
import type { RecordingStatus } from '../domain/status.ts';
import type { Finisher } from '../finishing/finisher.ts';
import type { StoreWatch } from '../finishing/store-watch.ts';
import type { TransitionHub } from '../pubsub/transition-hub.ts';
import type { Feeds } from '../recording/feed/feeds.ts';
import type { Recorder } from '../recording/recorder.ts';
import type { SpoolDisk } from '../spool/disk.ts';
import { nodeMetrics } from './node-metrics.ts';

export interface MetricsSources {
  readonly db: Db;
  readonly feeds: Feeds;
  readonly recorder: Recorder;
  readonly disk: SpoolDisk;
  readonly finisher: Finisher;
  readonly storeWatch: StoreWatch;
  readonly transitions: TransitionHub;
}

export interface Metrics {
  readonly contentType: string;
  /** All metrics in Prometheus' text format. Those that need the database are left out while it does not answer. */
  read(): Promise<string>;
}

const statuses: readonly RecordingStatus[] = ['PENDING', 'RECORDING', 'PROCESSING', 'COMPLETED', 'FAILED'];
/** Counting playbacks takes a scan, so the counts are reused for this time. */
const countedForMs = 10_000;

/** Reads every metric from its source when it is scraped; nothing is counted in between. */
export function createMetrics(sources: MetricsSources): Metrics {
  const registry = new Registry();
  // The measured lag of the event loop includes this interval (ms). With the default, 10 ms, the process would wake up
  // a hundred times a second.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 50 });
  cameraMetrics(registry, sources);
  recordingMetrics(registry, sources);
  finishingMetrics(registry, sources);
  storeMetrics(registry, sources);
  subscriberMetrics(registry, sources);
  nodeMetrics(registry, sources.db);
  return { contentType: registry.contentType, read: () => registry.metrics() };
}

function cameraMetrics(registry: Registry, { feeds }: MetricsSources): void {
  const registers = [registry];
  const labelNames = ['camera'];
  new Gauge({
    name: 'flashback_feed_state',
    help: 'What a camera’s feed does: 1 at its present state.',
    labelNames: ['camera', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { cameraId, state } of feeds.all()) this.set({ camera: cameraId, state }, 1);
    },
  });
  new Gauge({
    name: 'flashback_feed_reader',
    help: 'How a camera’s stream is read: 1 at its reader and transport.',
    labelNames: ['camera', 'reader', 'transport'],
    registers,
    collect() {
      this.reset();
      for (const { cameraId: camera, reading } of feeds.all())
        if (reading) this.set({ camera, reader: reading.reader, transport: reading.transport }, 1);
    },
  });
  new Gauge({
    name: 'flashback_ring_seconds',
    help: 'How far back a camera’s ring reaches.',
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const { cameraId, ring } of feeds.all()) this.set({ camera: cameraId }, ring.heldSeconds);
    },
  });
  new Gauge({
    name: 'flashback_ring_bytes',
    help: 'Memory held by a camera’s ring.',
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const { cameraId, ring } of feeds.all()) this.set({ camera: cameraId }, ring.bytes);
    },
  });
}

function recordingMetrics(registry: Registry, { db, recorder, disk }: MetricsSources): void {
  const registers = [registry];
  let counted = { at: Number.NEGATIVE_INFINITY, rows: new Map<RecordingStatus, number>() };
  new Gauge({
    name: 'flashback_recordings',
    help: 'Playbacks by status, in the whole database.',
    labelNames: ['status'],
    registers,
    async collect() {
      this.reset();
      if (performance.now() - counted.at > countedForMs) {
        const groups = await db.playback
          .groupBy({ by: ['recordingStatus'], _count: true })
          .catch(() => undefined); // the database does not answer: the metric is left out
        if (!groups) return;
        const rows = new Map(groups.map((group) => [group.recordingStatus, group._count]));
        counted = { at: performance.now(), rows };
      }
      for (const status of statuses) this.set({ status }, counted.rows.get(status) ?? 0);
    },
  });
  gauge(
    registry,
    'flashback_recordings_running',
    'Recordings that run on this node.',
    () => recorder.runningCount,
  );
  counter(
    registry,
    'flashback_recorded_bytes_total',
    'Footage taken into spools.',
    () => recorder.recordedBytes,
  );
  gauge(
    registry,
    'flashback_spool_free_bytes',
    'Free space on the spool’s disk, when it was last looked at.',
    () => disk.freeBytes,
  );
  gauge(registry, 'flashback_spool_ok', '1 where the spool takes new recordings, 0 where not.', () =>
    disk.problem ? 0 : 1,
  );
}

function finishingMetrics(registry: Registry, { db, finisher }: MetricsSources): void {
  const recordingStatus = 'PROCESSING';
  gauge(
    registry,
    'flashback_finishing_queue_depth',
    'Playbacks that wait for the store or are on their way there.',
    () => db.playback.count({ where: { recordingStatus } }),
  );
  gauge(
    registry,
    'flashback_finishing_queue_oldest_seconds',
    'How long the oldest of them has been waiting.',
    async () => {
      const { _min } = await db.playback.aggregate({ where: { recordingStatus }, _min: { updatedAt: true } });
      return _min.updatedAt ? (Date.now() - _min.updatedAt.getTime()) / 1_000 : 0;
    },
  );
  counter(
    registry,
    'flashback_uploaded_bytes_total',
    'Bytes of clips and posters that the store has confirmed.',
    () => finisher.storedBytes,
  );
}

function storeMetrics(registry: Registry, { db, storeWatch }: MetricsSources): void {
  gauge(registry, 'flashback_store_ok', '1 where the store takes objects, 0 where clips wait for it.', () =>
    storeWatch.problem ? 0 : 1,
  );
  new Gauge({
    name: 'flashback_store_problem',
    help: 'Why the store takes no objects: 1 while that is so.',
    labelNames: ['code', 'reason'],
    registers: [registry],
    collect() {
      this.reset();
      const { problem } = storeWatch;
      if (problem) this.set({ code: problem.code, reason: problem.message }, 1);
    },
  });
  gauge(
    registry,
    'flashback_removals_waiting',
    'Objects of deleted playbacks that are still to be removed from the store.',
    () => db.storeRemoval.count(),
  );
  gauge(
    registry,
    'flashback_removals_refused',
    'Those of them that the store has refused to remove; each is tried again.',
    () => db.storeRemoval.count({ where: { tries: { gt: 0 } } }),
  );
}

function subscriberMetrics(registry: Registry, { transitions }: MetricsSources): void {
  new Counter({
    name: 'flashback_transitions_total',
    help: 'Transitions of the playbacks of this node since it was started, by the status that was entered.',
    labelNames: ['to'],
    registers: [registry],
    collect() {
      this.reset();
      for (const to of statuses) this.inc({ to }, transitions.seen.get(to) ?? 0);
    },
  });
  gauge(registry, 'flashback_subscribers', 'Subscribers to transitions.', () => transitions.subscriberCount);
  gauge(
    registry,
    'flashback_subscriber_lag',
    'Transitions that the slowest subscriber has not taken yet.',
    () => transitions.longestBacklog,
  );
}

function gauge(registry: Registry, name: string, help: string, read: () => number | Promise<number>): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      try {
        this.set(await read());
      } catch {
        // The database does not answer: the metric is left out.
        this.remove();
      }
    },
  });
}

function counter(registry: Registry, name: string, help: string, read: () => number): void {
  new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}
