import type { Log } from '../../../src/log.ts';

/**
 * A log with which one part of a server fails when it has started. What that part had opened is not closed, as after a
 * real failure.
 */
export function failingLog(failing: string, onFailure: () => void): Log {
  function debug(fields: { part?: string }, text?: string): void {
    if (fields.part !== failing || text !== 'started') return;
    onFailure();
    throw new Error(`The part ${failing} fails.`);
  }
  return { info() {}, warn() {}, error() {}, debug: debug as Log['debug'] };
}
