import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from './config.ts';
import { thisRelease } from './db/migrate.ts';
import { ServerAddress } from './http/server-address.ts';
import type { Log } from './log.ts';
import { openAccess } from './start/access.ts';
import { openApi } from './start/api.ts';
import { openChildProcesses } from './start/child-processes.ts';
import { enterDatabase } from './start/database.ts';
import { Drain } from './start/drain.ts';
import { startFailure } from './start/failure.ts';
import { openFinishing } from './start/finishing.ts';
import { createStartOrder } from './start/order.ts';
import { startPush } from './start/push.ts';
import { openRecording } from './start/recording.ts';
import type { Simulated } from './start/simulated.ts';
import { openSubscriptions } from './start/subscriptions.ts';

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
  try {
    const processes = await openChildProcesses(config, { parts, log });
    const { children, ffmpeg } = processes;
    const database = await enterDatabase(config, { parts, children, log, wallClock, release, stop });
    const access = await openAccess(config, { parts, log, database });
    const { keys, signer } = access;
    const subscriptions = await openSubscriptions(config, { parts, log, database, keys });
    const { listener } = subscriptions;
    const address = new ServerAddress(config);

    // Recordings use the growing spools and the posters, so finishing is opened first. It starts to work only after
    // interrupted recordings have been resumed.
    const finishing = await openFinishing(config, {
      ...{ parts, log, processes, database, address, signer, simulated },
    });
    const { store, growing, posters } = finishing;
    const recording = await openRecording(config, {
      ...{ parts, log, processes, database, listener, growing, posters, simulated },
    });
    await finishing.start();

    const push = await startPush(config, { parts, log, database, access });
    const { admission } = recording;
    const drain = new Drain({ drainSec: config.drainSec, database, admission, log });
    await openApi(config, {
      ...{ parts, log, processes, database, access, subscriptions, finishing, recording, push },
      ...{ address, drain },
    });

    const { url } = address;
    log.info({ url, ffmpeg: `${ffmpeg.version} (${ffmpeg.source})`, store: store.kind }, 'ready');
    const { replaced } = database.membership;
    return { url, ffmpeg, replaced, drain: () => drain.run(), close: () => parts.close() };
  } catch (error) {
    await Promise.race([parts.close(), sleep(failWithinMs)]);
    throw startFailure(error, config);
  }
}
