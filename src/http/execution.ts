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
import { expectedError } from './public-errors.ts';
import { Turns } from './turns.ts';
import { problemOfVariables } from './variables.ts';

/** Beyond this an operation waits for its turn: writing one large answer keeps all others waiting for so long. */
const largeFromCost = 500;
const large = { atOnce: 4, perName: 2 };
/** The largest answer: a page of a hundred playbacks has some 200 KiB, and 6 MiB where each event has all the metadata it may have. */
const maxAnswerBytes = 8 * 1024 ** 2;
/** Of the memory: what answers that are being made may hold. */
const answersShare = 1 / 8;

export type Execute = (args: ExecutionArgs) => Promise<ExecutionResult>;

export interface Execution {
  /** Queries and mutations: those that cost much in their turn. */
  readonly execute: Execute;
  /** What a subscription gives for one event. */
  readonly executeEvent: Execute;
}

/**
 * Executes with bounds on what an answer may hold while it is being made, and on how many large ones are.
 * @param costOf what the document was weighed at
 */
export function boundExecution(options: {
  memory: number;
  costOf: (document: DocumentNode) => number;
}): Execution {
  const measure = measureAnswers({ each: maxAnswerBytes, all: options.memory * answersShare });
  const turns = new Turns(large);

  async function executeMeasured(args: ExecutionArgs, release?: () => void): Promise<ExecutionResult> {
    const answer = measure();
    const contextValue = { ...(args.contextValue as Context), answer };
    // What is under way goes on when the answer has become too large; its memory counts until it is over.
    const executing = Promise.resolve(execute({ ...args, contextValue })).finally(() => {
      answer.end();
      release?.();
    });
    executing.catch(() => {});
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
      const release = await turns.enter((args.contextValue as Context).caller.name);
      return executeMeasured(args, release);
    },
  };
}

/** What is wrong with an operation's variables. */
export function refusalOf({ schema, document, variableValues }: ExecutionArgs): GraphQLError | undefined {
  const problem = problemOfVariables(schema, document, variableValues);
  return problem === undefined ? undefined : expectedError(new RequestError('QUERY_TOO_COMPLEX', problem));
}
