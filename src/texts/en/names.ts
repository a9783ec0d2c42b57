import type { CameraErrorCode } from '../../domain/camera-errors.ts';
import type { ErrorCode } from '../../domain/errors.ts';
import type { FailureCode } from '../../domain/failures.ts';

/** Words for the API's values. */
export const names = {
  type: {
    MOTION: 'Motion',
    PERSON: 'Person',
    VEHICLE: 'Vehicle',
    ANIMAL: 'Animal',
    INTRUSION: 'Intrusion',
    LINE_CROSSING: 'Line crossing',
    SOUND: 'Sound',
    TAMPER: 'Tamper',
    OTHER: 'Other',
  },
  byHand: 'By hand',
  status: {
    PENDING: 'Pending',
    RECORDING: 'Recording',
    PROCESSING: 'Processing',
    COMPLETED: 'Completed',
    FAILED: 'Failed',
  },
  endReason: {
    ENDED: 'its event ended',
    STOPPED: 'stopped by hand',
    LEASE_EXPIRED: 'its event’s lease ran out',
    MAX_DURATION: 'the longest duration was reached',
    CAMERA_LOST: 'the camera was lost',
    SHUTDOWN: 'the server could not go on',
    NODE_LOST: 'the server was lost',
  },
  fault: {
    CAMERA: 'whoever looks after the camera or its network',
    SERVER: 'whoever runs Flashback',
    STORAGE: 'whoever looks after the bucket or the disk',
  },
  cameraState: {
    LIVE: 'Live',
    CONNECTING: 'Connecting…',
    OFFLINE: 'Offline',
    IDLE: 'Connects on events',
    DISABLED: 'Switched off',
  },
  role: {
    VIEWER: 'viewer',
    ANALYTICS: 'analytics',
    OPERATOR: 'operator',
    ADMIN: 'admin',
  },
  /** Why a playback failed. In English, the server's own sentence is shown instead: it says more. */
  failure: {
    CAMERA_DISABLED: 'The camera is switched off in Flashback.',
    CAMERA_UNREACHABLE: 'The camera delivered no picture while the recording lasted.',
    NOT_RECORDED: 'The server was down while it should have recorded.',
    SPOOL_UNREADABLE: 'The footage on the disk is damaged or gone.',
    NODE_LOST: 'The server that had the footage was lost.',
    DISK_FAILED: 'Footage could not be written to the disk.',
    STORE_UNREACHABLE: 'The store cannot be reached.',
    STORE_REFUSED: 'The store refused the clip.',
    STORE_MISMATCH: 'The store holds another clip than was sent.',
    INTERNAL: 'An error in Flashback itself.',
  },
  /** Why a camera is not live. In English, the server's own sentence is shown instead: it says more. */
  camera: {
    NAME_NOT_FOUND: 'The host name of the camera’s address is not known.',
    ADDRESS_FORBIDDEN: 'The server may not use the camera’s address.',
    UNREACHABLE: 'Nothing can be reached at the camera’s address.',
    NO_ANSWER: 'The camera did not answer in time.',
    NOT_RTSP: 'What answers at the camera’s address does not speak RTSP.',
    TLS: 'The encrypted connection to the camera failed, or its certificate is not accepted.',
    CREDENTIALS: 'The camera refused the user name or the password.',
    ACCESS_REFUSED: 'The camera refused access.',
    STREAM_NOT_FOUND: 'The camera knows no stream at this path.',
    BUSY: 'The camera allows no further connection.',
    REFUSED: 'The camera refused a request.',
    CONNECTION_LOST: 'The connection to the camera was lost.',
    NO_PICTURE: 'The camera sends no picture.',
    NOT_SUPPORTED: 'Flashback cannot record what the camera sends.',
    NO_SERVER: 'No server is there that could read the camera.',
    NO_ROOM: 'No recording can begin at the server of the camera.',
    OTHER: 'The camera cannot be read.',
  },
  /** Why a request failed. In English, the server's own sentence is shown instead: it says more. */
  error: {
    UNREACHABLE: 'The server cannot be reached. Try again when the connection is back.',
    BAD_USER_INPUT: 'A value is not valid.',
    NOT_FOUND: 'It is not there any more.',
    CONFLICT: 'Its present state does not allow this.',
    UNAUTHENTICATED: 'The key is not accepted.',
    FORBIDDEN: 'Your key does not allow this.',
    RATE_LIMITED: 'Too many requests. Wait a moment.',
    CAPACITY: 'The server has no room for it now. Try again later.',
    QUERY_TOO_COMPLEX: 'The request asks for too much at once.',
    CURSOR_EXPIRED: 'The position in the list is too old.',
    SUBSCRIBER_LAGGED: 'This page could not keep up with the news.',
    INTERNAL_SERVER_ERROR: 'The server failed.',
  },
} as const satisfies {
  // Every code that the server has, so that a new one is not forgotten here.
  readonly failure: Readonly<Record<FailureCode, string>>;
  readonly camera: Readonly<Record<CameraErrorCode, string>>;
  readonly error: Readonly<Record<ErrorCode | 'INTERNAL_SERVER_ERROR' | 'UNREACHABLE', string>>;
  readonly [name: string]: unknown;
};
