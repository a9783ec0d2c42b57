import type { Ahead } from './api/ahead-answers.ts';
import { newestFew, pageOf } from './api/first-queries.ts';
import { authorization } from './api/key.ts';
import { type Answer, bodyOf, post } from './api/request.ts';
import { loadSnapshot } from './cameras/snapshot-image.ts';
import {
  CamerasDocument,
  type CamerasQuery,
  MeDocument,
  PlaybacksByCursorDocument,
  type PlaybacksByCursorQuery,
  type TypedDocumentString,
} from './gql/graphql.ts';
import { type Language, wantedLanguage } from './texts/languages.ts';

/**
 * A script inside the page itself, where vite.config.ts puts it: it runs at once, while the page's other scripts are
 * still being loaded. It sends the queries of the first view, and loads the files that only this view and this language
 * need. When all scripts are loaded, it loads the first pictures.
 */

/** The paths of the dashboard's files. vite.config.ts writes this constant into the page. */
declare const files: {
  readonly entry: readonly string[];
  /** What a view or a language needs beside the entry. */
  readonly views: Readonly<Record<string, readonly string[]>>;
  readonly languages: Readonly<Record<Language, readonly string[]>>;
};

/** About as many pictures as the first row of a list has. */
const firstPictures = 4;

const { pathname, search } = location;
const ahead: Ahead = {
  authorization: authorization(),
  answers: new Map(),
  arrived: new Map(),
  snapshots: new Map(),
};
window.flashbackAhead = ahead;

const view = /^\/playbacks\/./.test(pathname) ? '/playbacks/:id' : pathname;
void ask(MeDocument, {});
const cameras = ask(CamerasDocument, {});
// Only the view can read a filter from the address, so it asks for a filtered list itself.
const list = view === '/playbacks' && !search ? ask(PlaybacksByCursorDocument, pageOf({}, null)) : undefined;
if (view === '/now') void ask(PlaybacksByCursorDocument, newestFew);

const paths = [...files.entry, ...files.languages[wantedLanguage()], ...(files.views[view] ?? [])];
// Pictures that are loaded earlier would delay the scripts.
void Promise.all(paths.map(load)).then(() => Promise.all([loadPosters(), loadSnapshots()]));

function ask<Variables>(
  document: TypedDocumentString<unknown, Variables>,
  variables: Variables,
): Promise<Answer | undefined> {
  const body = bodyOf(document, variables);
  const answer = post(body, { headers: ahead.authorization }).then(
    (arrived) => {
      ahead.arrived.set(body, arrived);
      return arrived;
    },
    () => undefined, // the view asks again
  );
  ahead.answers.set(body, answer);
  return answer;
}

async function loadPosters(): Promise<void> {
  const data = (await list)?.data as PlaybacksByCursorQuery | undefined;
  for (const { thumbnailUrl } of data?.playbackConnection.nodes.slice(0, firstPictures) ?? [])
    if (thumbnailUrl) new Image().src = thumbnailUrl;
}

async function loadSnapshots(): Promise<void> {
  if (view !== '/cameras' && view !== '/') return;
  const data = (await cameras)?.data as CamerasQuery | undefined;
  const live = data?.cameras.filter(({ state }) => state === 'LIVE') ?? [];
  for (const { id, snapshotUrl } of live.slice(0, firstPictures))
    if (snapshotUrl) ahead.snapshots.set(id, loadSnapshot(snapshotUrl));
}

/** Resolves when the file is loaded, before it is run. */
function load(path: string): Promise<unknown> {
  const link = document.createElement('link');
  link.rel = path.endsWith('.css') ? 'preload' : 'modulepreload';
  if (link.rel === 'preload') link.as = 'style';
  link.crossOrigin = '';
  link.href = path;
  document.head.append(link);
  return new Promise((resolve) => link.addEventListener('load', resolve));
}
