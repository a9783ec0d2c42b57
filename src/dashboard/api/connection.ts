import { createClient } from 'graphql-ws';
import { authorization } from './key.ts';
import { observable } from './observable.ts';
import { signedOut } from './session.ts';

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'open'; readonly since: number }
  /** `since`: epoch ms; what is shown may be out of date from this time on. */
  | { readonly state: 'lost'; readonly since: number };

export const connection = observable<Connection>({ state: 'connecting' });

/** Browsers do not see the server's pings. Without pings of our own, a dead connection looks like a quiet one. */
const pingMs = 8_000;
const pongWithinMs = 5_000;
/** The code with which the server closes a connection that has no key or an invalid one. */
const unauthorized = 4401;

let socket: WebSocket | undefined;
let pongDue: number | undefined;

/** The only WebSocket of this tab. It reconnects for ever, at first with short pauses. */
export const sockets = createClient({
  url: () => `${location.origin.replace(/^http/, 'ws')}/graphql`,
  connectionParams: () => authorization(),
  lazy: true,
  lazyCloseTimeout: 2_000,
  keepAlive: pingMs,
  retryAttempts: Number.POSITIVE_INFINITY,
  retryWait: (retries) =>
    new Promise((resolve) =>
      setTimeout(resolve, Math.min(4_000, 200 * 2 ** retries) * (0.75 + Math.random() / 2)),
    ),
  shouldRetry: (cause) => !isUnauthorized(cause),
  on: {
    opened: (opened) => {
      socket = opened as WebSocket;
    },
    connected: () => connection.set({ state: 'open', since: Date.now() }),
    closed: (event) => {
      clearTimeout(pongDue);
      if (isUnauthorized(event)) signedOut();
      else if (connection.get().state !== 'lost') connection.set({ state: 'lost', since: Date.now() });
    },
    ping: (received) => {
      if (received) return;
      pongDue = window.setTimeout(() => socket?.close(4408, 'No answer to a ping'), pongWithinMs);
    },
    pong: (received) => {
      if (received) clearTimeout(pongDue);
    },
  },
});

function isUnauthorized(cause: unknown): boolean {
  return cause instanceof CloseEvent && cause.code === unauthorized;
}

window.addEventListener('offline', () => socket?.close(4408, 'The browser is offline'));
