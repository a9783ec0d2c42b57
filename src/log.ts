import { format } from 'node:util';
import { type DestinationStream, type Logger, pino } from 'pino';
import { scrubCredentials } from './domain/stream-url.ts';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/**
 * One JSON object per line. An error is passed as the field `error` and written as a text; a line of the level error
 * has its stack as well. Every text is scrubbed: no line holds the credentials of a stream address.
 */
export function createLog(
  level: LogLevel,
  destination: DestinationStream = pino.destination({ fd: 1, sync: true }),
): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: {
        logMethod(args, method, level) {
          const [facts] = args as unknown[];
          if (isRecord(facts) && facts['error'] !== undefined) Object.assign(args, [withError(facts, level)]);
          method.apply(this, args);
        },
        streamWrite: scrubbed,
      },
    },
    destination,
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function withError({ error, ...facts }: Record<string, unknown>, level: number) {
  const hasStack = error instanceof Error && level >= pino.levels.values['error']!;
  return { ...facts, error: textOf(error), ...(hasStack && { stack: pino.stdSerializers.err(error).stack }) };
}

/** The error's message, followed by the messages of its causes that it does not contain. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message || (error as NodeJS.ErrnoException).code || error.name;
  const cause = error.cause instanceof Error ? textOf(error.cause) : '';
  return own.includes(cause) ? own : `${own}: ${cause}`;
}

/** Scrubs each text of a line separately: the line stays JSON, and an escape such as \n does not end an address. */
function scrubbed(line: string): string {
  const scrub = (_key: string, value: unknown) =>
    typeof value === 'string' ? scrubCredentials(value) : value;
  return `${JSON.stringify(JSON.parse(line, scrub))}\n`;
}

const whoLeft = /^(EPIPE|ECONNRESET|ECONNABORTED|ERR_STREAM_PREMATURE_CLOSE|ERR_STREAM_DESTROYED)$/;

/** Whether the error only says that the other end has closed the connection. */
export const isOfWhoLeft = (error: unknown): boolean =>
  error instanceof Error && whoLeft.test((error as NodeJS.ErrnoException).code ?? '');

/**
 * Writes into the log what Node and libraries would print: warnings, the console, and the error of a process that ends
 * because nothing caught it. So every line of a server's output is a line of its log.
 */
export function captureOutput(log: Log): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.warn({ error: warning }, 'Node printed a warning'));
  const levels = {
    log: 'info',
    info: 'info',
    debug: 'debug',
    warn: 'warn',
    error: 'warn',
    trace: 'debug',
  } as const;
  for (const [method, level] of Object.entries(levels) as [keyof typeof levels, (typeof levels)['log']][]) {
    console[method] = (...words: unknown[]) =>
      log[level]({ words: format(...words) }, 'a library printed something');
  }
  const die = (error: unknown) => {
    log.error({ error }, 'uncaught error: the server exits');
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
}
