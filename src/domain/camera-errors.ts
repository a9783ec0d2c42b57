/** graphql/enums.ts says what each means. */
export const cameraErrorCodes = [
  'NAME_NOT_FOUND',
  'ADDRESS_FORBIDDEN',
  'UNREACHABLE',
  'NO_ANSWER',
  'NOT_RTSP',
  'TLS',
  'CREDENTIALS',
  'ACCESS_REFUSED',
  'STREAM_NOT_FOUND',
  'BUSY',
  'REFUSED',
  'CONNECTION_LOST',
  'NO_PICTURE',
  'NOT_SUPPORTED',
  'NO_SERVER',
  'NO_ROOM',
  'OTHER',
] as const;

export type CameraErrorCode = (typeof cameraErrorCodes)[number];

/** Why a camera is not live or cannot be recorded. The message is for the person who has to act, and has no credentials. */
export interface CameraProblem {
  readonly code: CameraErrorCode;
  readonly message: string;
}

/** Why a camera cannot be read. */
export class CameraError extends Error implements CameraProblem {
  readonly code: CameraErrorCode;

  constructor(code: CameraErrorCode, message: string) {
    super(message);
    this.name = 'CameraError';
    this.code = code;
  }
}

/** The code of any thrown value. */
export const cameraErrorCode = (error: unknown): CameraErrorCode =>
  error instanceof CameraError ? error.code : 'OTHER';

/** The code in a row. One that only a newer version knows counts as OTHER. */
export const knownCameraErrorCode = (code: string): CameraErrorCode =>
  cameraErrorCodes.find((known) => known === code) ?? 'OTHER';
