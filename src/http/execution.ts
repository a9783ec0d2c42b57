import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type GraphQLError,
} from 'graphql';
import { RequestError } from '../domain/errors.ts';
import { measureAnswers } from '../graphql/answer-size.ts';
import type { Context } from '../graphql/context.ts';
import { FairLimit } from './fair-limit.ts';
import { expectedError } from './public-errors.ts';
import { problemOfVariables } from './variables.ts';

/**
 * Operations that cost at least this are run a few at a time, because writing a large answer blocks all other requests.
 */
const largeFromCost = 500;
const large = { atOnce: 4, perName: 2 };
/**
 * The largest answer. A page of a hundred playbacks has some 200 KiB, or 6 MiB if each event has as much metadata as it
 * may have.
 */
const maxAnswerBytes = 8 * 1024 ** 2;
/** The share of the memory that all answers in progress may use. */
const answersShare = 1 / 8;

export type Execute = (args: ExecutionArgs) => Promise<ExecutionResult>;

export interface Execution {
  /** Executes a query or mutation; costly ones wait for each other. */
  readonly execute: Execute;
  /**
   * Executes a subscription's selection for one value of its source: a transition, or the id of a camera or playback.
   */
  readonly executeEvent: Execute;
}

/**
 * Executes operations with limits on the size of an answer in progress, and on the number of large ones.
 * @param options.costOf the cost of a validated document (limits.ts)
 */
export function boundExecution(options: {
  memory: number;
  costOf: (document: DocumentNode) => number;
}): Execution {
  const measure = measureAnswers({ each: maxAnswerBytes, all: options.memory * answersShare });
  const largeOnes = new FairLimit(large);

  async function executeMeasured(args: ExecutionArgs, release?: () => void): Promise<ExecutionResult> {
    const answer = measure();
    const contextValue = { ...(args.contextValue as Context), answer };
    // Execution cannot be stopped when the answer has become too large, so its memory counts until it has ended.
    const executing = Promise.resolve(execute({ ...args, contextValue })).finally(() => {
      answer.end();
      release?.();
    });
    executing.catch(() => {}); // the error is handled below, unless the answer was too large before it
    try {
      return await Promise.race([executing, answer.exceeded]);
    } catch (error) {
      if (error instanceof RequestError) return { data: null, errors: [expectedError(error)] };
      throw error;
    }
  }

  return {
    executeEvent: (args) => executeMeasured(args),
    async execute(args) {
      const refusal = refusalOf(args);
      if (refusal) return { errors: [refusal] };
      if (options.costOf(args.document) < largeFromCost) return executeMeasured(args);
      const release = await largeOnes.enter((args.contextValue as Context).caller.name);
      return executeMeasured(args, release);
    },
  };
}

/** The error for variables that are too large; undefined if they are not. */
export function refusalOf({ schema, document, variableValues }: ExecutionArgs): GraphQLError | undefined {
  const problem = problemOfVariables(schema, document, variableValues);
  return problem === undefined ? undefined : expectedError(new RequestError('QUERY_TOO_COMPLEX', problem));
}
