import type { Answer } from './request.ts';

/**
 * The server's clock. Answers state it in whole seconds (RFC 9110 §6.6.1). Several answers together tell more precisely
 * by how much it differs from the browser's clock.
 */

/** The bounds of the difference between the server's clock and the browser's, in milliseconds. */
let [least, most] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

/** Reads the server's clock from the times of an answer. */
export function learnTime({ server, sent, received }: Answer['times']): void {
  if (!Number.isNaN(server)) narrow(server - received, server + 1_000 - sent);
}

function narrow(lower: number, upper: number): void {
  const isClockSet = lower > most || upper < least;
  least = isClockSet ? lower : Math.max(least, lower);
  most = isClockSet ? upper : Math.min(most, upper);
}

/** Epoch ms on the server's clock: the browser's clock with the smallest correction that fits all answers. */
export const serverNow = (): number => Date.now() + Math.min(Math.max(0, least), most);
