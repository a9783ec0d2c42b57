import path from 'node:path';
import type { Log } from '../log.ts';
import { makePrivateFolder } from '../private-folder.ts';
import { createLocalStore, type LocalStoreOptions } from './local.ts';
import { createS3Store, type S3StoreOptions } from './s3.ts';
import { serveLocal } from './serve-local.ts';
import type { Store } from './store.ts';

export interface StoreSettings {
  /** undefined: the local store in the folder media of `dataDir` */
  readonly r2: S3StoreOptions | undefined;
  readonly dataDir: string;
}

export interface OpenStore {
  readonly store: Store;
  /** Serves the objects of the local store; undefined if the store is a bucket, which serves its objects itself. */
  readonly serve: ReturnType<typeof serveLocal> | undefined;
}

/**
 * Opens the store that the settings select.
 * @param links how the local store makes links
 */
export function openStore(
  { r2, dataDir }: StoreSettings,
  links: Pick<LocalStoreOptions, 'baseUrl' | 'sign'>,
  log: Log,
): OpenStore {
  const bucket = openBucket({ r2 });
  if (bucket) return { store: bucket, serve: undefined };
  const dir = path.join(dataDir, 'media');
  makePrivateFolder(dir, log);
  return { store: createLocalStore({ dir, ...links }), serve: serveLocal(dir) };
}

/** The bucket that the settings name; undefined: none. `recover` reads from a bucket only. */
export const openBucket = ({ r2 }: Pick<StoreSettings, 'r2'>): Store | undefined => r2 && createS3Store(r2);
