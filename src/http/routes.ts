import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PathSigner } from '../access/signed-path.ts';
import type { Wall } from '../wall/wall.ts';
import { atOwner } from './at-owner.ts';
import { graphqlPath } from './graphql.ts';
import { answerNodeCall, type NodeCallOptions } from './node-calls.ts';
import { answerNodeWall } from './node-wall.ts';
import { allowOrigin, refuse, sendText } from './refuse.ts';

/** @param rest the part of the path after the route's path; for LINK, the scope that the link was signed for */
export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  rest: string,
) => Promise<void> | void;

/**
 * Who may make requests. ANYBODY: everybody. CALLER: everybody with an API key or a token; the handler authenticates
 * the caller. LINK: everybody with a signed link; a link is valid no longer than the key or token of the caller who got it.
 * NODE: another server of this database; the handler verifies the signature.
 */
export type Who = 'ANYBODY' | 'CALLER' | 'LINK' | 'NODE';

export interface Route {
  /** A path. If it ends with a slash, it matches all paths that begin with it. */
  readonly path: string;
  readonly methods: readonly string[];
  readonly who: Who;
  readonly answer: Handler;
}

export interface RouteOptions {
  readonly allowedOrigins: readonly string[];
  readonly graphql: Handler;
  readonly metrics: Handler;
  /** The page of a link to one clip, and the clip. The handler finds out whether the link is valid. */
  readonly share: Handler;
  /** Several clips as one ZIP. */
  readonly clips: Handler;
  /** Small pictures of a clip. */
  readonly storyboards: Handler;
  readonly ready: Handler;
  readonly dashboard: Handler;
  /** Serves an object of the local store; undefined if the store is a bucket. */
  readonly media: Handler | undefined;
  /** Serves a recording that is not in the store yet as HLS. The path begins with the playback's id. */
  readonly live: { answer: Handler; ownerOf(path: string): Promise<string | null> };
  /** A JPEG of the camera's newest keyframe; undefined if there is none. */
  readonly snapshots: { of(cameraId: string): Promise<Buffer | undefined> };
  /** The node that reads the camera; null if none does. */
  readonly readerOf: (cameraId: string) => Promise<string | null>;
  readonly nodeCalls: NodeCallOptions;
  readonly wall: Wall;
}

const read = ['GET', 'HEAD'] as const;

/** All routes of this server. The first route that matches is used. WebSockets: websocket.ts. */
export function routesOf(options: RouteOptions): readonly Route[] {
  const { graphql, metrics, ready, dashboard, share, clips, storyboards, media = answerNothing } = options;
  const { others } = options.nodeCalls;
  const snapshot = answerSnapshot(options);
  const ownerOf = (path: string) => options.live.ownerOf(path);
  const live = atOwner('live', { others, ownerOf, answer: answerLive(options) });
  const readerOf = (name: string) => options.readerOf(cameraOf(name));
  const anySnapshot = atOwner('snapshots', { others, ownerOf: readerOf, answer: snapshot });
  const served = {
    live: (...call: Parameters<Handler>) => options.live.answer(...call),
    snapshots: snapshot,
    ...answerNodeWall(options.wall),
  };
  return [
    { path: graphqlPath, methods: ['GET', 'POST', 'OPTIONS'], who: 'CALLER', answer: graphql },
    { path: '/media/', methods: read, who: 'LINK', answer: media },
    { path: '/clips/', methods: read, who: 'LINK', answer: clips },
    { path: '/storyboards/', methods: read, who: 'LINK', answer: storyboards },
    { path: '/live/', methods: read, who: 'LINK', answer: live },
    { path: '/snapshots/', methods: read, who: 'LINK', answer: anySnapshot },
    { path: '/share/', methods: read, who: 'ANYBODY', answer: share },
    {
      path: '/node/',
      methods: ['GET', 'POST'],
      who: 'NODE',
      answer: answerNodeCall(options.nodeCalls, served),
    },
    { path: '/metrics', methods: read, who: 'CALLER', answer: metrics },
    { path: '/healthz', methods: read, who: 'ANYBODY', answer: answerAlive },
    { path: '/readyz', methods: read, who: 'ANYBODY', answer: ready },
    { path: '/', methods: read, who: 'ANYBODY', answer: withSlash(dashboard) },
  ];
}

/** Handles a request with the first route that matches its path. @param path without the query */
export async function answerRoute(
  routes: readonly Route[],
  signer: PathSigner,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  const route = routes.find((it) => path === it.path || (it.path.endsWith('/') && path.startsWith(it.path)));
  if (!route) return answerNothing(request, response);
  if (!route.methods.includes(request.method ?? '')) {
    response.setHeader('allow', route.methods.join(', '));
    return refuse(response, 405, 'BAD_USER_INPUT', `Expected ${route.methods.join(' or ')}.`);
  }
  const rest = path.slice(route.path.length);
  const scope = route.who === 'LINK' ? signer.verify(route.path.replaceAll('/', ''), rest) : rest;
  if (scope === undefined) {
    return sendText(response, 403, 'This link is not valid, or has expired; ask for a new one.');
  }
  await route.answer(request, response, scope);
}

const answerNothing = (_request: IncomingMessage, response: ServerResponse): void =>
  sendText(response, 404, 'There is nothing at this address.');

const answerAlive: Handler = (_request, response) => sendText(response, 200, 'alive');

const withSlash =
  (answer: Handler): Handler =>
  (request, response, rest) =>
    answer(request, response, `/${rest}`);

/** Players on pages of ALLOWED_ORIGINS may read playlists and segments. */
const answerLive =
  ({ live, allowedOrigins }: RouteOptions): Handler =>
  (request, response, path) => {
    allowOrigin(request, response, allowedOrigins);
    return live.answer(request, response, path);
  };

const cameraOf = (name: string): string => name.replace(/\.jpg$/, '');

const answerSnapshot =
  ({ snapshots }: RouteOptions): Handler =>
  async (request, response, name) => {
    const jpeg = await snapshots.of(cameraOf(name));
    if (!jpeg) return answerNothing(request, response);
    response.writeHead(200, { 'content-type': 'image/jpeg', 'cache-control': 'no-store' }).end(jpeg);
  };
