import { fileURLToPath } from 'node:url';
import type { Config } from '../config.ts';
import { createLinks } from '../http/links.ts';
import { Live } from '../http/live.ts';
import { serveHttp } from '../http/server.ts';
import type { ServerAddress } from '../http/server-address.ts';
import { createMetrics } from '../metrics/metrics.ts';
import { demandReady } from '../metrics/readiness.ts';
import { OtherNodes } from '../nodes/other-nodes.ts';
import { createCallSigner } from '../nodes/signature.ts';
import { Snapshots } from '../recording/snapshots.ts';
import { Wall } from '../wall/wall.ts';
import type { OpenAccess } from './access.ts';
import type { Drain } from './drain.ts';
import type { StartOrder } from './order.ts';
import { createServices, type ServiceSources } from './services.ts';

export interface ApiSources extends Omit<ServiceSources, 'keys' | 'others' | 'links'> {
  readonly parts: StartOrder;
  readonly address: ServerAddress;
  readonly access: OpenAccess;
  readonly drain: Drain;
}

/** The folder that vite builds. The path is the same from src/ and from dist/. */
const dashboardDir = fileURLToPath(new URL('../../dist/dashboard', import.meta.url));

/** Opens the port: the API, and everything else that is served over HTTP. */
export async function openApi(config: Config, sources: ApiSources): Promise<void> {
  const { parts, log, processes, database, address, subscriptions, finishing, recording, drain } = sources;
  const { secret, keys, access, signer } = sources.access;
  const { db, readingDb, self, isAlone, claim, now } = database;
  const { transitions } = subscriptions;
  const { store, serve, storeWatch, posters, finisher } = finishing;
  const { disk, feeds, recorder } = recording;

  const live = parts.add('live', new Live({ db, recordDir: config.recordDir }));
  const { launcher, ffmpeg } = processes;
  const snapshots = new Snapshots({ feeds, launcher, ffmpeg });
  const callSigner = createCallSigner(secret, now);
  const others = new OtherNodes({ db, self, isAlone, signer: callSigner });
  const wall = parts.add('live wall', new Wall({ db, feeds, others, now, log }));
  const isElsewhere = (nodeId: string | null) => others.isElsewhere(nodeId);
  const links = createLinks({ address, signer, store, posters, snapshots, isElsewhere, now });
  const { services, here } = createServices(config, { ...sources, keys, others, links });
  const metrics = createMetrics({ db, feeds, recorder, disk, finisher, storeWatch, transitions });
  const isStopping = () => drain.hasBegun;
  const ready = () => demandReady({ claim, isStopping, db, readingDb, disk, storeWatch });
  parts.add(
    'http',
    await serveHttp(services, {
      ...config,
      ...{ address, access, signer, log, dashboardDir, live, wall, snapshots, metrics, ready },
      media: serve,
      nodeCalls: { self, signer: callSigner, here, others },
      urlOf: (key) => store.url(key),
      read: (key) => store.read(key),
    }),
  );
}
