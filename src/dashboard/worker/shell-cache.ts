/** The files of this release, which vite.config.ts lists when it has built them. */
export interface Release {
  /** Made from the contents of all files. */
  readonly id: string;
  /** SHA-256 of each file as hexadecimal digits, by its path. */
  readonly files: Readonly<Record<string, string>>;
}

declare const release: Release;

const prefix = 'flashback-shell-';
const name = () => prefix + release.id;
const page = '/';
/** The server's files do not depend on headers of the request, except for their compression. */
const byPath = { ignoreVary: true };

export const shellFile = (pathname: string): boolean =>
  pathname.startsWith('/assets/') || (pathname !== page && Object.hasOwn(release.files, pathname));

export const keepShell = {
  /**
   * Loads all files into a cache of their own. Its files belong together: if the server has another release meanwhile,
   * nothing is kept, and the browser tries again later.
   * @throws Error if a file cannot be loaded, or is that of another release
   */
  async install(): Promise<void> {
    const cache = await caches.open(name());
    try {
      await Promise.all(Object.entries(release.files).map(([path, digest]) => load(cache, path, digest)));
    } catch (error) {
      await caches.delete(name());
      throw error;
    }
  },

  /** Keeps the shell of this release, and that of the release before for pages that are still open. */
  async dropOlder(): Promise<void> {
    const shells = (await caches.keys()).filter((key) => key.startsWith(prefix));
    const older = shells.filter((key) => key !== name()).slice(0, -1);
    await Promise.all(older.map((key) => caches.delete(key)));
  },

  /** A script, a style sheet or an icon; of the cache if it is there. The names of assets contain a hash. */
  async file(request: Request): Promise<Response> {
    const cache = await caches.open(name());
    const path = new URL(request.url).pathname;
    const kept =
      (await cache.match(path, byPath)) ??
      (path.startsWith('/assets/') ? await caches.match(path, byPath) : undefined);
    return kept ?? fetch(request);
  },
};

async function load(cache: Cache, path: string, digest: string): Promise<void> {
  // The names of assets contain a hash, so the browser's own copies of them are right.
  const response = await fetch(path, { cache: path.startsWith('/assets/') ? 'default' : 'no-cache' });
  const bytes = await response.clone().arrayBuffer();
  if (!response.ok || (await sha256(bytes)) !== digest)
    throw new Error(`${path} is that of another release.`);
  await cache.put(path, response);
}

async function sha256(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What proxies answer while the server is away. */
const away = [502, 503, 504];

/** The server's page. The one in the cache only if there is no connection to the server: so no old page is shown. */
export async function pageOr(event: FetchEvent): Promise<Response> {
  const kept = async () => (await caches.open(name())).match(page, byPath);
  try {
    const response: Response = (await event.preloadResponse) ?? (await fetch(event.request));
    return away.includes(response.status) ? ((await kept()) ?? response) : response;
  } catch (error) {
    const shell = await kept();
    if (shell) return shell;
    throw error;
  }
}
