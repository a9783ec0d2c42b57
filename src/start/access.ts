import { createAccess } from '../access/access.ts';
import { Keys } from '../access/keys.ts';
import { createPathSigner, linkSecret, opaqueId } from '../access/signed-path.ts';
import { createTokenVerifier } from '../access/tokens.ts';
import type { Config } from '../config.ts';
import { shareLinkSecret } from '../db/link-secret.ts';
import type { Log } from '../log.ts';
import type { EnteredDatabase } from './database.ts';
import type { StartOrder } from './order.ts';

export type OpenAccess = Awaited<ReturnType<typeof openAccess>>;

/** Loads the keys and the secret of links: from then on it is known who may call, and which links are valid. */
export async function openAccess(
  config: Config,
  { parts, log, database }: { parts: StartOrder; log: Log; database: EnteredDatabase },
) {
  const { db, seal, isAlone, now } = database;
  const secret = await shareLinkSecret(db, seal, { own: await linkSecret(config.dataDir), isAlone });
  const idOf = (hash: string) => opaqueId(secret, hash);
  const keys = parts.add('keys', new Keys({ db, log, now, bootstrap: config.apiKeys, idOf }));
  await keys.start();
  const verifyToken = config.oidc && createTokenVerifier(config.oidc, { now, log });
  const access = createAccess({ keys, verifyToken, host: config.host, now, log });
  const signer = createPathSigner({ secret, ttlSec: config.urlTtlSec, now, holds: access.holds });
  return { secret, keys, access, signer };
}
