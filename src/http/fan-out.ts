import type { DocumentNode } from 'graphql';
import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute } from 'graphql';
import { seesOnlyOwn } from '../domain/caller.ts';
import type { Context, Foreseeable } from '../graphql/context.ts';

export type Subscribe = (
  args: ExecutionArgs,
) => Promise<AsyncIterableIterator<ExecutionResult, undefined> | ExecutionResult>;

/** What waits is executed side by side, so many at a time: their look-ups in the database become one. */
const sideBySide = 50;

/**
 * Runs a subscription's selection once per transition for all subscribers that ask the same, instead of once for
 * each: ten thousand dashboards on one transition are one execution and one query. Same means: the same document
 * (Yoga's parser cache gives one object for one text), operation and variables, and callers who see the same.
 */
export function sharedExecution(mask: (error: unknown) => Error): Subscribe {
  const results = new WeakMap<object, Map<string, Promise<ExecutionResult>>>();

  function executeShared(args: ExecutionArgs, key: string, event: object): Promise<ExecutionResult> {
    const ofEvent = results.get(event) ?? new Map<string, Promise<ExecutionResult>>();
    results.set(event, ofEvent);
    const result = ofEvent.get(key) ?? executeMasked(args, event);
    ofEvent.set(key, result);
    return result;
  }

  async function executeMasked(args: ExecutionArgs, event: unknown): Promise<ExecutionResult> {
    const result = await execute({ ...args, rootValue: event });
    return result.errors
      ? { ...result, errors: result.errors.map((error) => mask(error) as typeof error) }
      : result;
  }

  return async (args) => {
    const events = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in events)) return events;
    const key = keyOf(args);
    const source = events[Symbol.asyncIterator]() as AsyncIterator<unknown> & Partial<Foreseeable<object>>;
    return mapped(source, (event) => {
      // Camera states are told by id, and read when they are sent: they are not the same for everybody.
      if (typeof event !== 'object' || event === null) return executeMasked(args, event);
      if (!results.get(event)?.has(key)) {
        for (const next of [event, ...(source.atHand ?? []).slice(0, sideBySide - 1)]) {
          // Its turn comes, and then it fails.
          executeShared(args, key, next).catch(() => {});
        }
      }
      return executeShared(args, key, event);
    });
  };
}

const documents = new WeakMap<DocumentNode, number>();
let documentCount = 0;

function keyOf({ document, operationName, variableValues, contextValue }: ExecutionArgs): string {
  const { caller } = contextValue as Context;
  const number = documents.get(document) ?? ++documentCount;
  documents.set(document, number);
  const sees = [caller.role, caller.cameraIds, seesOnlyOwn(caller) ? caller.name : null];
  return JSON.stringify([number, operationName, variableValues, sees]);
}

/**
 * By hand: an async generator that waits for its source would not react to return(). An error is the end: Yoga's
 * SSE turns errors into values and would ask a source that goes on failing for ever.
 */
function mapped<In, Out>(
  source: AsyncIterator<In>,
  map: (value: In) => Promise<Out>,
): AsyncIterableIterator<Out, undefined> {
  const over = { value: undefined, done: true } as const;
  let failed = false;
  return {
    async next() {
      if (failed) return over;
      try {
        const result = await source.next();
        return result.done ? over : { value: await map(result.value), done: false };
      } catch (error) {
        failed = true;
        throw error;
      }
    },
    async return() {
      await source.return?.();
      return over;
    },
    async throw(error) {
      await source.return?.();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
