import { GraphQLError, type GraphQLErrorExtensions } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { tookTooLong } from '../db/client.ts';
import { type ErrorDetails, RequestError } from '../domain/errors.ts';
import { isOfWhoLeft, type Log } from '../log.ts';

/**
 * What a client may know of an error: expected failures in their own words with a code from the contract's closed
 * list; everything else as INTERNAL_SERVER_ERROR with the request's id and no detail, which goes into the log.
 */
export function publicError(error: unknown, requestId: string, log: Log): GraphQLError {
  if (error instanceof GraphQLError && told.has(error)) return error;
  const cause = error instanceof GraphQLError ? (error.originalError ?? error) : error;
  if (cause instanceof RequestError) {
    return located(error, cause.message, { code: cause.code, ...cause.details });
  }
  if (tookTooLong(cause)) {
    log.warn({ requestId, error: cause }, 'a request took the database too long');
    return located(error, 'This takes the database too long. Ask for less at once, or for a shorter time.', {
      code: 'QUERY_TOO_COMPLEX',
    });
  }
  if (cause instanceof GraphQLError) {
    return told.has(cause)
      ? located(error, cause.message, cause.extensions)
      : badDocument(error as GraphQLError);
  }
  // Met with the request itself and not by a resolver: nobody is there to be answered.
  const isOfResolver = error instanceof GraphQLError && error.path !== undefined;
  const level = !isOfResolver && isOfWhoLeft(cause) ? 'debug' : 'error';
  log[level]({ requestId, error: cause }, 'a request failed unexpectedly');
  return located(error, 'Something went wrong in the server; its log has the details.', {
    code: 'INTERNAL_SERVER_ERROR',
    requestId,
  });
}

/** Errors that were made here: they may pass again, and nothing else may look like them. */
const told = new WeakSet<GraphQLError>();

/** What graphql or Yoga refuses: syntax, validation, values that do not fit their type, requests that are none. */
function badDocument(error: GraphQLError): GraphQLError {
  const path = error.path ? [...error.path] : [];
  // Yoga reads the answer's HTTP status from here and leaves it out of the answer. Its mark `spec` means that
  // answers of the type application/json get 200 all the same, which is right only for documents.
  const { spec = false, ...http } = (error.extensions.http ?? {}) as { spec?: boolean; status?: number };
  const isDocument = Boolean(error.source ?? error.nodes);
  return located(error, error.message, {
    code: 'BAD_USER_INPUT',
    issues: [{ path, message: error.message }],
    ...(http.status && { http: isDocument ? { ...http, spec } : http }),
  });
}

/** Texts name the value that is wrong, which may be as long as a request, and one request may name it a hundred times. */
const longestMessage = 1_000;
/** What is wrong is often said at the end. */
const keptAtEnd = 200;
const mostIssues = 20;

const shortened = (text: string): string =>
  text.length > longestMessage
    ? `${text.slice(0, longestMessage - keptAtEnd)}…${text.slice(-keptAtEnd)}`
    : text;

function located(error: unknown, message: string, extensions: GraphQLErrorExtensions): GraphQLError {
  const at = error instanceof GraphQLError ? error : undefined;
  const { issues } = extensions as ErrorDetails;
  const short = issues?.slice(0, mostIssues).map((it) => ({ ...it, message: shortened(it.message) }));
  const made = new GraphQLError(shortened(message), {
    nodes: at?.nodes ?? null,
    source: at?.source ?? null,
    positions: at?.positions ?? null,
    path: at?.path ?? null,
    extensions: short ? { ...extensions, issues: short } : extensions,
  });
  told.add(made);
  return made;
}

/**
 * An expected failure as clients see it, for where no resolver threw it.
 * @param status of the answer over HTTP: 200 where none is given
 */
export const expectedError = (error: RequestError, status?: number): GraphQLError =>
  located(undefined, error.message, {
    code: error.code,
    ...error.details,
    ...(status && { http: { status } }),
  });

/** Parsing and validating are not masked by Yoga and give no code of their own. Holds for HTTP and WebSocket. */
export function codedDocuments(): Plugin {
  return {
    onParse:
      () =>
      ({ result, replaceParseResult }) => {
        if (result instanceof GraphQLError && !told.has(result)) {
          replaceParseResult(badDocument(result) as never);
        }
      },
    onValidate:
      () =>
      ({ result, setResult }) => {
        if (result.length === 0) return;
        setResult(
          result.map((error) =>
            told.has(error as GraphQLError) ? (error as GraphQLError) : badDocument(error as GraphQLError),
          ),
        );
      },
  };
}
