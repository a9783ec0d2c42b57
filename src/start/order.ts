import type { Log } from '../log.ts';

interface Closeable {
  close(): Promise<void> | void;
}

/** The parts of a server that have started. */
export interface StartOrder {
  /** Notes a part that has started. @throws the reason of the signal, if the start was aborted meanwhile */
  add<Part extends Closeable>(name: string, part: Part): Part;
  /** Closes all parts in reverse order; a part that cannot be closed is logged, and the others are closed. */
  close(): Promise<void>;
}

/** @param stop aborted when the start is not wanted any more */
export function createStartOrder(log: Log, stop?: AbortSignal): StartOrder {
  const started: { name: string; part: Closeable }[] = [];
  return {
    add(name, part) {
      log.debug({ part: name }, 'started');
      started.push({ name, part });
      stop?.throwIfAborted();
      return part;
    },
    async close() {
      for (const { name, part } of started.splice(0).reverse()) {
        try {
          await part.close();
          log.debug({ part: name }, 'closed');
        } catch (error) {
          log.error({ part: name, error }, 'a part could not be closed');
        }
      }
    },
  };
}
