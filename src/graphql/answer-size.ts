import {
  defaultFieldResolver,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  getNamedType,
  isIntrospectionType,
  isLeafType,
  isObjectType,
} from 'graphql';
import { RequestError } from '../domain/errors.ts';
import type { Context } from './context.ts';
import { JsonText } from './json-text.ts';

/** Counts the bytes of one answer while it is made. */
export interface AnswerSize {
  /**
   * @throws RequestError QUERY_TOO_COMPLEX or CAPACITY if the answer is too large now, and then for each further value
   */
  add(bytes: number): void;
  /** Whether the answer is too large. Then no more values are added. */
  readonly isExceeded: boolean;
}

/** The count of an answer in progress, for the code that executes the operation. */
export interface MeasuredAnswer extends AnswerSize {
  /** Rejects when the answer becomes too large. */
  readonly exceeded: Promise<never>;
  /** Must be called when the answer is complete or was given up. */
  end(): void;
}

/**
 * Limits the memory of answers in progress.
 * @param limits.each bytes of one answer
 * @param limits.all bytes of all answers in progress
 */
export function measureAnswers(limits: { each: number; all: number }): () => MeasuredAnswer {
  let sum = 0;
  return () => {
    let bytes = 0;
    let problem: RequestError | undefined;
    let reject = (_: RequestError) => {};
    const exceeded = new Promise<never>((_, fail) => {
      reject = fail;
    });
    exceeded.catch(() => {}); // no unhandled rejection if nobody waits for it
    const exceed = (error: RequestError) => {
      problem = error;
      reject(error);
    };
    return {
      exceeded,
      get isExceeded() {
        return problem !== undefined;
      },
      add(more) {
        bytes += more;
        sum += more;
        if (bytes > limits.each) {
          const most = `${limits.each / 1024 ** 2} MiB`;
          exceed(
            new RequestError('QUERY_TOO_COMPLEX', `The answer has more than ${most}; ask for less at once.`),
          );
        } else if (sum > limits.all) {
          exceed(
            new RequestError('CAPACITY', 'Too many large answers are being made; try again in a moment.'),
          );
        }
        if (problem) throw problem;
      },
      end() {
        sum -= bytes;
        bytes = 0;
      },
    };
  };
}

/** Bytes of JSON for a field, besides its name and value. */
const overhead = 8;
/** The memory of an object, in bytes. */
const objectBytes = 32;

function bytesOf(value: unknown, isLeaf: boolean): number {
  if (value === null || value === undefined) return 4;
  if (typeof value === 'string') return value.length;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + bytesOf(item, isLeaf), overhead);
  if (value instanceof JsonText) return value.text.length;
  if (value instanceof Date) return 24;
  return isLeaf || typeof value !== 'object' ? 8 : objectBytes;
}

/** Makes each field add its value's size to the answer's size. @returns the same schema */
export function measureFields(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || isIntrospectionType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const isLeaf = isLeafType(getNamedType(field.type));
      field.resolve = measured(field.resolve ?? defaultFieldResolver, isLeaf);
    }
  }
  return schema;
}

function measured(
  resolve: GraphQLFieldResolver<unknown, Context>,
  isLeaf: boolean,
): GraphQLFieldResolver<unknown, Context> {
  return (source, args, context, info) => {
    const count = (value: unknown) => {
      context.answer.add(String(info.path.key).length + overhead + bytesOf(value, isLeaf));
      return value;
    };
    if (context.answer.isExceeded) context.answer.add(0);
    const value = resolve(source, args, context, info);
    return value instanceof Promise ? value.then(count) : count(value);
  };
}
