import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { RequestError } from '../domain/errors.ts';
import type { Log } from '../log.ts';

/**
 * What a client may know of an error: expected failures in their own words with a code from the contract's closed
 * list; everything else as INTERNAL_SERVER_ERROR with the request's id and no detail, which goes into the log.
 */
export function publicError(error: unknown, requestId: string, log: Log): GraphQLError {
  const cause = error instanceof GraphQLError ? (error.originalError ?? error) : error;
  if (cause instanceof RequestError) {
    const extensions = { code: cause.code, ...(cause.issues && { issues: cause.issues }) };
    return located(error, cause.message, extensions);
  }
  if (cause instanceof GraphQLError) return badDocument(error as GraphQLError);
  log.error({ requestId, error: cause }, 'a request failed unexpectedly');
  return located(error, 'Something went wrong in the server; its log has the details.', {
    code: 'INTERNAL_SERVER_ERROR',
    requestId,
  });
}

/** What graphql itself refuses: syntax, validation, values that do not fit their type. */
function badDocument(error: GraphQLError): GraphQLError {
  const path = error.path ? [...error.path] : [];
  return located(error, error.message, {
    code: 'BAD_USER_INPUT',
    issues: [{ path, message: error.message }],
  });
}

function located(
  error: unknown,
  message: string,
  extensions: GraphQLFormattedError['extensions'] & object,
): GraphQLError {
  if (!(error instanceof GraphQLError)) return new GraphQLError(message, { extensions });
  const { nodes, source, positions, path } = error;
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    path: path ?? null,
    extensions,
  });
}

/** Parsing and validating are not masked by Yoga and give no code of their own. Holds for HTTP and WebSocket. */
export function codedDocuments(): Plugin {
  return {
    onParse:
      () =>
      ({ result, replaceParseResult }) => {
        if (result instanceof GraphQLError) replaceParseResult(badDocument(result) as never);
      },
    onValidate:
      () =>
      ({ result, setResult }) => {
        if (result.length > 0) setResult(result.map((error) => badDocument(error as GraphQLError)));
      },
  };
}
