/** Why a playback failed, and who has to act. */

export type Fault = 'CAMERA' | 'STORAGE' | 'SERVER';

interface FailureKind {
  readonly fault: Fault;
}

const kinds = {
  /** The camera is switched off in Flashback. */
  CAMERA_DISABLED: { fault: 'CAMERA' },
  /** The camera delivered no picture while the recording lasted. */
  CAMERA_UNREACHABLE: { fault: 'CAMERA' },
  /** The server was down for the whole length of the recording, or nobody asked for this recording. */
  NOT_RECORDED: { fault: 'SERVER' },
  /** The spool holds no complete fragment, or is gone. */
  SPOOL_UNREADABLE: { fault: 'SERVER' },
  /** The server that had the footage has been away for too long, and the bucket holds none of it. */
  NODE_LOST: { fault: 'SERVER' },
  /** Footage could not be written to the disk. */
  DISK_FAILED: { fault: 'STORAGE' },
  /**
   * Network errors, time-outs, 5xx, 429: a retry may succeed. A playback never fails with this code: it stays
   * PROCESSING meanwhile.
   */
  STORE_UNREACHABLE: { fault: 'STORAGE' },
  /**
   * The store refuses this object, so a person has to act. A playback fails with this code only if the store takes a
   * test object. Otherwise (wrong credentials, a missing bucket) it stays PROCESSING: finishing/store-watch.ts.
   */
  STORE_REFUSED: { fault: 'STORAGE' },
  /** The store holds other bytes than were sent. */
  STORE_MISMATCH: { fault: 'STORAGE' },
  /** An error in Flashback itself. */
  INTERNAL: { fault: 'SERVER' },
} as const satisfies Record<string, FailureKind>;

export type FailureCode = keyof typeof kinds;

/** A recording or its finishing went wrong. The message is written for the person who has to act. */
export class RecordingFailure extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'RecordingFailure';
    this.code = code;
  }
}

/** The columns of a playback that is FAILED for this reason. The message is cut to what an answer has room for. */
export const failureColumns = ({ code, message }: RecordingFailure) => ({
  failureCode: code,
  errorMessage: message.slice(0, 500),
});

/** The kind of a code from a row. A code that this version does not know (from a newer version) counts as INTERNAL. */
export function failureKind(code: string): FailureKind {
  return code in kinds ? kinds[code as FailureCode] : kinds.INTERNAL;
}

/** Turns any thrown value into a RecordingFailure; other errors become INTERNAL. */
export function asFailure(error: unknown): RecordingFailure {
  if (error instanceof RecordingFailure) return error;
  return new RecordingFailure(
    'INTERNAL',
    'The server failed while it worked on this recording; its log has the details.',
    {
      cause: error,
    },
  );
}
