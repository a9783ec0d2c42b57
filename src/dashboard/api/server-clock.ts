/**
 * The server's clock. Answers state it in whole seconds (RFC 9110 §6.6.1). Several answers together tell more precisely
 * by how much it differs from the browser's clock.
 */

/** The bounds of the difference between the server's clock and the browser's, in milliseconds. */
let [least, most] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

/** Like fetch, but also reads the server's clock from the answer. */
export async function fetchTimed(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const sentAt = Date.now();
  const response = await fetch(input, init);
  const date = Date.parse(response.headers.get('date') ?? '');
  if (!Number.isNaN(date)) narrow(date - Date.now(), date + 1_000 - sentAt);
  return response;
}

function narrow(lower: number, upper: number): void {
  const isClockSet = lower > most || upper < least;
  least = isClockSet ? lower : Math.max(least, lower);
  most = isClockSet ? upper : Math.min(most, upper);
}

/** Epoch ms on the server's clock: the browser's clock with the smallest correction that fits all answers. */
export const serverNow = (): number => Date.now() + Math.min(Math.max(0, least), most);
