import { setTimeout as sleep } from 'node:timers/promises';
import type { DocumentNode } from 'graphql';
import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  getNamedType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { seesOnlyOwn } from '../domain/caller.ts';
import { RequestError } from '../domain/errors.ts';
import type { Context, Foreseeable } from '../graphql/context.ts';
import { schema } from '../graphql/schema.ts';
import { type Execute, refusalOf } from './execution.ts';
import { expectedError } from './public-errors.ts';

export type Subscribe = (
  args: ExecutionArgs,
) => Promise<AsyncIterableIterator<ExecutionResult, undefined> | ExecutionResult>;

/**
 * Whether a document selects a link: links carry what they were given to, so that only those share them who are that.
 * Links are what has the type URL.
 */
function selectsLinks(document: DocumentNode): boolean {
  const types = new TypeInfo(schema);
  let isFound = false;
  const Field = () => {
    const type = types.getType();
    isFound ||= type != null && getNamedType(type).name === 'URL';
  };
  visit(document, visitWithTypeInfo(types, { Field }));
  return isFound;
}

/** A result as an iterator gives it: the same object to all who share it. */
type Next = IteratorYieldResult<ExecutionResult>;

/** undefined: there is nothing to tell any more. */
type Result = Promise<Next | undefined>;

/** What it tells of was deleted before its turn came: Prisma's code for a row that is not there, and ours. */
const isOfDeleted = ({ originalError }: GraphQLError): boolean =>
  ['P2025', 'NOT_FOUND'].includes((originalError as { code?: string } | undefined)?.code ?? '');

/** A look-up that failed, and may succeed next time; not what the selection itself is at fault for. */
const isUnexpected = ({ originalError }: GraphQLError): boolean =>
  originalError !== undefined &&
  !(originalError instanceof RequestError) &&
  !(originalError instanceof GraphQLError);

/** A look-up that fails is repeated for so long. Then the stream ends: its subscriber resumes before what it missed. */
const lookUpForMs = 10_000;

/** What waits is executed side by side, so many at a time: their look-ups in the database become one. */
const sideBySide = 50;

/**
 * Runs a subscription's selection once per transition for all subscribers that ask the same, instead of once for
 * each: ten thousand dashboards on one transition are one execution and one query. Same means: the same document
 * (Yoga's parser cache gives one object for one text), operation and variables, and callers who see the same and, where
 * links are asked for, hold them by the same key.
 * @param options.execute gives the selection of one event
 * @param options.hold notes what the subscription holds until it is over; throws RequestError where that is too much
 */
export function sharedExecution(options: {
  mask: (error: unknown) => Error;
  execute: Execute;
  hold: (args: ExecutionArgs) => () => void;
}): Subscribe {
  const { mask, execute, hold } = options;
  const results = new WeakMap<object, Map<string, Result>>();

  function executeShared(args: ExecutionArgs, key: string, event: object): Result {
    const ofEvent = results.get(event) ?? new Map<string, Result>();
    results.set(event, ofEvent);
    const result = ofEvent.get(key) ?? executeMasked(args, event);
    ofEvent.set(key, result);
    // Whoever asks again, with the cursor before it, is not answered with a failure that is over.
    result.catch(() => ofEvent.delete(key));
    return result;
  }

  async function executeMasked(args: ExecutionArgs, event: unknown): Result {
    const giveUpAt = performance.now() + lookUpForMs;
    for (let pause = 100; ; pause *= 2) {
      const result = await execute({ ...args, rootValue: event });
      if (result.errors?.some(isOfDeleted)) return undefined;
      if (!result.errors) return { value: result, done: false };
      const unexpected = result.errors.find(isUnexpected);
      if (!unexpected && result.data) {
        const errors = result.errors.map((error) => mask(error) as typeof error);
        return { value: { ...result, errors }, done: false };
      }
      if (!unexpected || performance.now() + pause > giveUpAt) throw mask(unexpected ?? result.errors[0]!);
      await sleep(pause);
    }
  }

  return async (args) => {
    const refusal = refusalOf(args);
    if (refusal) return { errors: [refusal] };
    let release: () => void;
    try {
      release = hold(args);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      return { errors: [expectedError(error)] };
    }
    const events = await createSourceEventStream(args).catch((error: unknown) => {
      release();
      throw error;
    });
    if (!(Symbol.asyncIterator in events)) {
      release();
      return events;
    }
    const key = keyOf(args);
    const source = events[Symbol.asyncIterator]() as AsyncIterator<unknown> & Partial<Foreseeable<object>>;
    return mapped(source, release, (event) => {
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

const documents = new WeakMap<DocumentNode, { number: number; hasLinks: boolean }>();
let documentCount = 0;

function known(document: DocumentNode) {
  const facts = documents.get(document) ?? { number: ++documentCount, hasLinks: selectsLinks(document) };
  documents.set(document, facts);
  return facts;
}

function keyOf({ document, operationName, variableValues, contextValue }: ExecutionArgs): string {
  const { caller } = contextValue as Context;
  const { number, hasLinks } = known(document);
  const sees = [caller.role, caller.cameraIds, seesOnlyOwn(caller) ? caller.name : null];
  return JSON.stringify([number, operationName, variableValues, sees, hasLinks ? caller.holder : null]);
}

/**
 * By hand: an async generator that waits for its source would not react to return(), and would be four promises for
 * each of ten thousand subscribers instead of two. An error of the source is its end: Yoga's SSE turns errors into
 * values and would ask a source that goes on failing for ever, and nobody asks an iterator that threw to return.
 */
function mapped<In>(
  source: AsyncIterator<In>,
  onOver: () => void,
  map: (value: In) => Result,
): AsyncIterableIterator<ExecutionResult, undefined> {
  const over = { value: undefined, done: true } as const;
  const end = (): typeof over => {
    onOver();
    return over;
  };
  const fail = async (error: unknown): Promise<never> => {
    onOver();
    await source.return?.();
    throw error;
  };
  const give = (result: IteratorResult<In>): Promise<Next | typeof over> | typeof over =>
    result.done ? end() : map(result.value).then<Next | typeof over, never>((given) => given ?? next(), fail);
  const next = (): Promise<Next | typeof over> => source.next().then<Next | typeof over, never>(give, fail);
  return {
    next,
    async return() {
      end();
      await source.return?.();
      return over;
    },
    throw: fail,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
