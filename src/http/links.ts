import type { PathSigner } from '../access/signed-path.ts';
import type { Camera, Playback } from '../generated/prisma/client.ts';
import type { Services } from '../graphql/context.ts';
import { scopeOf } from './clips.ts';
import type { ServerAddress } from './server-address.ts';

export interface LinkOptions {
  readonly address: ServerAddress;
  readonly signer: PathSigner;
  readonly store: {
    url(key: string, holder?: string): Promise<string>;
    downloadUrl(key: string, name: string, holder?: string): Promise<string>;
  };
  /** Whether a playback's spool on this server has a poster. */
  readonly posters: { has(playbackId: string): Promise<boolean> };
  /** Whether a snapshot of the camera can be made on this server. */
  readonly snapshots: { has(cameraId: string): boolean };
  /**
   * Whether a row's `nodeId` names another server. Then that server has the footage, and this one fetches it there
   * (at-owner.ts).
   */
  readonly isElsewhere: (nodeId: string | null) => boolean;
  /** In epoch milliseconds. */
  readonly now: () => number;
}

/** As a rule, another server has made a poster this long after a clip's first picture. */
const posterAfterMs = 4_000;

/** The links in the API's answers: to objects in the store, and to what this server serves itself (routes.ts). */
export function createLinks(options: LinkOptions): Services['links'] {
  const { address, signer, store, posters, snapshots, isElsewhere, now } = options;
  const hasPoster = async ({ id, nodeId, clipStartedAt }: Playback) =>
    isElsewhere(nodeId) ? now() - clipStartedAt!.getTime() > posterAfterMs : posters.has(id);
  const hasSnapshot = ({ id, nodeId, state }: Camera) =>
    isElsewhere(nodeId) ? state === 'LIVE' : snapshots.has(id);
  const live = ({ id }: Playback, name: string, holder: string) =>
    `${address.url}${signer.sign('live', id, holder)}/${name}`;
  return {
    object: (key, { holder }) => store.url(key, holder),
    download: (key, name, { holder }) => store.downloadUrl(key, name, holder),
    clips: (ids, timeZone, { holder }) =>
      `${address.url}${signer.sign('clips', scopeOf({ ids, timeZone }), holder)}`,
    live: (playback, { holder }) => (isInSpool(playback) ? live(playback, 'index.m3u8', holder) : null),
    poster: async (playback, { holder }) =>
      isInSpool(playback) && (await hasPoster(playback)) ? live(playback, 'poster.jpg', holder) : null,
    storyboard: ({ id }, { holder }) =>
      `${address.url}${signer.sign('storyboards', id, holder)}/${id}.storyboard.vtt`,
    share: (token, atSec) => `${address.url}/share/${token}${atSec === undefined ? '' : `?t=${atSec}`}`,
    snapshot: (camera, { holder }) =>
      hasSnapshot(camera) ? `${address.url}${signer.sign('snapshots', `${camera.id}.jpg`, holder)}` : null,
  };
}

/** Whether there is footage of the playback on a server's disk that the store does not have yet. */
const isInSpool = ({ clipStartedAt, recordingStatus }: Playback): boolean =>
  clipStartedAt !== null && (recordingStatus === 'RECORDING' || recordingStatus === 'PROCESSING');
