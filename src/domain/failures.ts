/** Why a playback failed and who has to act. One table; all texts in one place. */

export type Fault = 'CAMERA' | 'STORAGE' | 'SERVER';

interface FailureKind {
  readonly fault: Fault;
}

const kinds = {
  /** The camera is switched off in Flashback. */
  CAMERA_DISABLED: { fault: 'CAMERA' },
  /** The camera never delivered a frame while the recording lasted. */
  CAMERA_UNREACHABLE: { fault: 'CAMERA' },
  /** The recording was over before anybody had begun it: the server was down for its whole length. */
  NOT_RECORDED: { fault: 'SERVER' },
  /** The spool holds no complete fragment, or is gone. */
  SPOOL_UNREADABLE: { fault: 'SERVER' },
  /** The disk refused to take footage. */
  DISK_FAILED: { fault: 'STORAGE' },
  /** Network errors, time-outs, 5xx, 429: it may pass. */
  STORE_UNREACHABLE: { fault: 'STORAGE' },
  /** Credentials, rights, a bucket that is not there: a person has to act. */
  STORE_REFUSED: { fault: 'STORAGE' },
  /** The store says that it holds something else than what was sent. */
  STORE_MISMATCH: { fault: 'STORAGE' },
  /** A fault of Flashback itself. */
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

/** Who has to act on a code as it stands in a row: on an unknown one (newer version) whoever runs the server. */
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
