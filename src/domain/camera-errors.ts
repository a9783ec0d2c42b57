/** Why a camera is not live or cannot be recorded. */

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

/** What is said of a camera. The message has no credentials and is written for the person who has to act. */
export interface CameraProblem {
  readonly code: CameraErrorCode;
  readonly message: string;
}

/** A camera cannot be read. */
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

/** A code from a row. One that this version does not know (from a newer version) counts as OTHER. */
export const knownCameraErrorCode = (code: string): CameraErrorCode =>
  cameraErrorCodes.find((known) => known === code) ?? 'OTHER';
