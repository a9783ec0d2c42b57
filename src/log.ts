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
