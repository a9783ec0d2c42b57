import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import { openPush } from '../push/open-push.ts';
import type { OpenAccess } from './access.ts';
import type { EnteredDatabase } from './database.ts';
import type { StartOrder } from './order.ts';

export interface PushSources {
  readonly parts: StartOrder;
  readonly log: Log;
  readonly database: EnteredDatabase;
  readonly access: OpenAccess;
}

/** Starts to tell browsers of new events. */
export async function startPush(config: Config, sources: PushSources) {
  const { parts, log, database } = sources;
  const { access } = sources.access;
  const { url: databaseUrl, db, seal, now } = database;
  const push = parts.add(
    'push messages',
    await openPush(config, { db, databaseUrl, seal, access, log, now }),
  );
  push.start();
  return push;
}
