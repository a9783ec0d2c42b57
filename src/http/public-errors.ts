import { GraphQLError, type GraphQLErrorExtensions } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { tookTooLong } from '../db/client.ts';
import { type ErrorDetails, RequestError } from '../domain/errors.ts';
import { isOfWhoLeft, type Log } from '../log.ts';

/**
 * The error that is sent to the client. Expected failures keep their message and have one of the codes in
 * domain/errors.ts. All others become INTERNAL_SERVER_ERROR with the request's id; their details go into the log.
 */
export function publicError(error: unknown, requestId: string, log: Log): GraphQLError {
  if (error instanceof GraphQLError && madeHere.has(error)) return error;
  const cause = error instanceof GraphQLError ? (error.originalError ?? error) : error;
  if (cause instanceof RequestError) {
    return located(error, cause.message, { code: cause.code, ...cause.details });
  }
  if (tookTooLong(cause)) {
    log.warn({ requestId, error: cause }, 'a request took too long in the database');
    return located(
      error,
      'This takes too long in the database. Ask for less at once, or for a shorter time.',
      {
        code: 'QUERY_TOO_COMPLEX',
      },
    );
  }
  if (cause instanceof GraphQLError) {
    return madeHere.has(cause)
      ? located(error, cause.message, cause.extensions)
      : badDocument(error as GraphQLError);
  }
  // An error of the connection, not of a resolver: the client has left.
  const isOfResolver = error instanceof GraphQLError && error.path !== undefined;
  const level = !isOfResolver && isOfWhoLeft(cause) ? 'debug' : 'error';
  log[level]({ requestId, error: cause }, 'a request failed unexpectedly');
  return located(error, 'Something went wrong in the server; its log has the details.', {
    code: 'INTERNAL_SERVER_ERROR',
    requestId,
  });
}

/** Errors that this module made. They are sent unchanged; other errors with the same form are not. */
const madeHere = new WeakSet<GraphQLError>();

/** The error for requests that graphql or Yoga refuses: syntax, validation, values of a wrong type, malformed requests. */
function badDocument(error: GraphQLError): GraphQLError {
  const path = error.path ? [...error.path] : [];
  // Yoga reads the HTTP status from `http` and removes it from the answer. With `spec`, answers of type application/json
  // have the status 200 nevertheless, which is right only for documents.
  const { spec = false, ...http } = (error.extensions.http ?? {}) as { spec?: boolean; status?: number };
  const isDocument = Boolean(error.source ?? error.nodes);
  return located(error, error.message, {
    code: 'BAD_USER_INPUT',
    issues: [{ path, message: error.message }],
    ...(http.status && { http: isDocument ? { ...http, spec } : http }),
  });
}

/** Messages quote the wrong value, which may be as long as a request, and one answer may quote it a hundred times. */
const longestMessage = 1_000;
/** How much is kept of the end of a message that is too long, because the end often says what is wrong. */
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
  madeHere.add(made);
  return made;
}

/**
 * The error for an expected failure that no resolver threw.
 * @param status of the answer over HTTP; 200 if it is left out
 */
export const expectedError = (error: RequestError, status?: number): GraphQLError =>
  located(undefined, error.message, {
    code: error.code,
    ...error.details,
    ...(status && { http: { status } }),
  });

/** Adds codes to errors of parsing and validating, which Yoga does not mask. For HTTP and WebSocket. */
export function codedDocuments(): Plugin {
  return {
    onParse:
      () =>
      ({ result, replaceParseResult }) => {
        if (result instanceof GraphQLError && !madeHere.has(result)) {
          replaceParseResult(badDocument(result) as never);
        }
      },
    onValidate:
      () =>
      ({ result, setResult }) => {
        if (result.length === 0) return;
        setResult(
          result.map((error) =>
            madeHere.has(error as GraphQLError)
              ? (error as GraphQLError)
              : badDocument(error as GraphQLError),
          ),
        );
      },
  };
}
