/** Why a playback failed, who has to act, and whether trying again can help. One table; all texts in one place. */

export type Fault = 'CAMERA' | 'STORAGE' | 'SERVER';

interface FailureKind {
  readonly fault: Fault;
  /** retryPlayback can help: the footage is still held locally. */
  readonly retryable: boolean;
}

const kinds = {
  /** The camera is switched off in Flashback. */
  CAMERA_DISABLED: { fault: 'CAMERA', retryable: false },
  /** The camera never delivered a frame while the recording lasted. */
  CAMERA_UNREACHABLE: { fault: 'CAMERA', retryable: false },
  /** The recording was over before anybody had begun it: the server was down for its whole length. */
  NOT_RECORDED: { fault: 'SERVER', retryable: false },
  /** The spool holds no complete fragment, or is gone. */
  SPOOL_UNREADABLE: { fault: 'SERVER', retryable: false },
  /** The disk refused to take footage. */
  DISK_FAILED: { fault: 'STORAGE', retryable: true },
  /** Network errors, time-outs, 5xx, 429: it may pass. */
  STORE_UNREACHABLE: { fault: 'STORAGE', retryable: true },
  /** Credentials, rights, a bucket that is not there: a person has to act. */
  STORE_REFUSED: { fault: 'STORAGE', retryable: true },
  /** The store says that it holds something else than what was sent. */
  STORE_MISMATCH: { fault: 'STORAGE', retryable: true },
  /** A fault of Flashback itself. */
  INTERNAL: { fault: 'SERVER', retryable: true },
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

/** Fault and retryability of a code as it stands in a row; an unknown one (newer version) is the server's. */
export function failureKind(code: string): FailureKind {
  return code in kinds ? kinds[code as FailureCode] : kinds.INTERNAL;
}

/** Any thrown value as a RecordingFailure; what is not one yet becomes INTERNAL. */
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
