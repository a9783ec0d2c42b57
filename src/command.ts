import { type ParseArgsConfig, parseArgs } from 'node:util';
import { ConfigError } from './config.ts';
import { DatabaseUnfit } from './db/reach.ts';
import { RecordingFailure } from './domain/failures.ts';

/** An error in what a person typed. The message says why, or how the command is used. */
export class UsageError extends Error {}

/**
 * Reads the arguments of a command.
 * @param usage how the command is used
 * @throws UsageError
 */
export function readArguments<Wanted extends ParseArgsConfig>(usage: string, wanted: Wanted) {
  try {
    return parseArgs(wanted);
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0]}.\n${usage}`);
  }
}

/**
 * Runs a command. An error that a person can act on is printed as its message, any other with its stack; the process
 * then ends with `exitCode`.
 */
export async function runCommand(main: () => Promise<void>, exitCode: number): Promise<void> {
  try {
    await main();
  } catch (error) {
    const kinds = [UsageError, ConfigError, DatabaseUnfit, RecordingFailure];
    const isExpected = kinds.some((kind) => error instanceof kind) || 'code' in (error as Error);
    console.error(isExpected ? (error as Error).message : (error as Error).stack);
    process.exitCode = exitCode;
  }
}
