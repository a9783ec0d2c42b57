import { setTimeout as sleep } from 'node:timers/promises';
import type { DocumentNode } from 'graphql';
import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  type FieldNode,
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
 * Whether a document selects something that differs between callers: a link (a field of type URL), which contains its
 * holder, or `reviewed`, which belongs to the caller's name.
 */
function isPersonal(document: DocumentNode): boolean {
  const types = new TypeInfo(schema);
  let isFound = false;
  const Field = ({ name }: FieldNode) => {
    const type = types.getType();
    isFound ||= name.value === 'reviewed' || (type != null && getNamedType(type).name === 'URL');
  };
  visit(document, visitWithTypeInfo(types, { Field }));
  return isFound;
}

/** The result of an iterator. Subscribers that share a result get the same object. */
type Next = IteratorYieldResult<ExecutionResult>;

/** undefined: the playback was deleted, so subscribers get nothing for this transition. */
type Result = Promise<Next | undefined>;

/** Whether the error means that the row was deleted meanwhile: Prisma's code for a missing row, or ours. */
const isOfDeleted = ({ originalError }: GraphQLError): boolean =>
  ['P2025', 'NOT_FOUND'].includes((originalError as { code?: string } | undefined)?.code ?? '');

/** Whether a look-up failed for a reason that may pass. A RequestError or GraphQLError would come again. */
const isUnexpected = ({ originalError }: GraphQLError): boolean =>
  originalError !== undefined &&
  !(originalError instanceof RequestError) &&
  !(originalError instanceof GraphQLError);

/** How long failed look-ups are retried. Then the stream ends, and its subscriber can resume by cursor. */
const retryForMs = 10_000;

/** How many transitions of a backlog are executed concurrently, so that their look-ups are batched. */
const concurrent = 50;

/**
 * Executes a subscription's selection once per transition for all subscribers with equal subscriptions: for ten
 * thousand dashboards, one transition is one execution and one query. Two subscriptions are equal if they have the same
 * document (Yoga's parser cache returns one object for one text), operation and variables, and if their callers may see
 * the same. If the selection is personal, the callers themselves have to be the same.
 * @param options.execute executes the selection for one transition
 * @param options.hold counts the subscription's memory until it has ended; throws RequestError if that is too much
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
    // A failure is not kept: a subscriber that resumes gets a new execution.
    result.catch(() => ofEvent.delete(key));
    return result;
  }

  async function executeMasked(args: ExecutionArgs, event: unknown): Result {
    const giveUpAt = performance.now() + retryForMs;
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

  const keyOf = selectionKeys();

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
      // Sources other than that of transitions yield ids. What an id stands for is read at delivery, so results cannot
      // be shared.
      if (typeof event !== 'object' || event === null) return executeMasked(args, event);
      if (!results.get(event)?.has(key)) {
        for (const next of [event, ...(source.atHand ?? []).slice(0, concurrent - 1)]) {
          // The error is thrown again when this transition is delivered.
          executeShared(args, key, next).catch(() => {});
        }
      }
      return executeShared(args, key, event);
    });
  };
}

/** Makes the text by which selections are compared: two with the same text give the same result. */
function selectionKeys(): (args: ExecutionArgs) => string {
  const documents = new WeakMap<DocumentNode, { number: number; forOne: boolean }>();
  let count = 0;
  const factsOf = (document: DocumentNode) => {
    const facts = documents.get(document) ?? { number: ++count, forOne: isPersonal(document) };
    documents.set(document, facts);
    return facts;
  };
  return ({ document, operationName, variableValues, contextValue }) => {
    const { caller } = contextValue as Context;
    const { number, forOne } = factsOf(document);
    const sees = [caller.role, caller.cameraIds, seesOnlyOwn(caller) ? caller.name : null];
    const whose = forOne ? [caller.holder, caller.name] : null;
    return JSON.stringify([number, operationName, variableValues, sees, whose]);
  };
}

/**
 * Maps an iterator. This is no async generator: one that waits for its source does not react to return(), and takes
 * four promises for each of ten thousand subscribers instead of two. An error of the source ends the iterator, because
 * Yoga's SSE turns errors into values and would call next() for ever. After an error, `mapped` itself calls the
 * source's return(); nobody else does.
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
