import { format } from 'node:util';
import { type DestinationStream, type Logger, pino } from 'pino';
import { scrubCredentials } from './domain/stream-url.ts';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/**
 * One JSON object per line. Every text in a line is scrubbed, so that no credentials of a stream address are
 * ever written, whichever field or error text they came in.
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
      // Without it an error under this name would be written as {}.
      serializers: { error: pino.stdSerializers.err },
      hooks: { streamWrite: scrubbed },
    },
    destination,
  );
}

/** Text by text, not the line as a whole: so it stays JSON, and an escape such as \n ends no address. */
function scrubbed(line: string): string {
  const scrub = (_key: string, value: unknown) =>
    typeof value === 'string' ? scrubCredentials(value) : value;
  return `${JSON.stringify(JSON.parse(line, scrub))}\n`;
}

const whoLeft = /^(EPIPE|ECONNRESET|ECONNABORTED|ERR_STREAM_PREMATURE_CLOSE|ERR_STREAM_DESTROYED)$/;

/** Whether an error says no more than that whoever was at the other end of a connection has left. */
export const isOfWhoLeft = (error: unknown): boolean =>
  error instanceof Error && whoLeft.test((error as NodeJS.ErrnoException).code ?? '');

/**
 * What Node and libraries would print goes into the log instead, so that every line of a server's output is one of the
 * log's: warnings, the console, and the last words of a process that ends of an error nobody caught.
 */
export function captureOutput(log: Log): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.warn({ error: warning }, 'a warning of Node'));
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
      log[level]({ words: format(...words) }, 'printed by a library');
  }
  const die = (error: unknown) => {
    log.error({ error }, 'the server ends: an error that nobody caught');
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
}
