import type { DocumentNode } from 'graphql';
import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, execute } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { seesOnlyOwn } from '../domain/caller.ts';
import type { Context } from '../graphql/context.ts';

/**
 * Runs a subscription's selection once per transition for all subscribers that ask the same, instead of once for
 * each: ten thousand dashboards on one transition are one execution and one query. Same means: the same document
 * (Yoga's parser cache gives one object for one text), operation and variables, and callers who see the same.
 */
export function sharedExecution(mask: (error: unknown) => Error): Plugin<Context> {
  const results = new WeakMap<object, Map<string, Promise<ExecutionResult>>>();

  async function executeShared(args: ExecutionArgs, key: string, event: unknown): Promise<ExecutionResult> {
    const run = async () => masked(await execute({ ...args, rootValue: event }), mask);
    // Camera states are told by id, and read when they are sent: they are not the same for everybody.
    if (typeof event !== 'object' || event === null) return run();
    const ofEvent = results.get(event) ?? new Map<string, Promise<ExecutionResult>>();
    results.set(event, ofEvent);
    const result = ofEvent.get(key) ?? run();
    ofEvent.set(key, result);
    return result;
  }

  async function subscribe(args: ExecutionArgs) {
    const source = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in source)) return source;
    const key = keyOf(args);
    return mapped(source[Symbol.asyncIterator](), (event) => executeShared(args, key, event));
  }

  return { onSubscribe: ({ setSubscribeFn }) => setSubscribeFn(subscribe) };
}

function masked(result: ExecutionResult, mask: (error: unknown) => Error): ExecutionResult {
  return result.errors
    ? { ...result, errors: result.errors.map((error) => mask(error) as typeof error) }
    : result;
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
