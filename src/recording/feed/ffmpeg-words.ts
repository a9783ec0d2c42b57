import type { CameraErrorCode, CameraProblem } from '../../domain/camera-errors.ts';

const explanations: readonly [RegExp, CameraErrorCode, string][] = [
  [/401 Unauthorized/, 'CREDENTIALS', 'The camera refused the user name or the password (401 Unauthorized).'],
  [/403 Forbidden/, 'ACCESS_REFUSED', 'The camera refused access (403 Forbidden).'],
  [/404 Not Found/, 'STREAM_NOT_FOUND', 'The camera knows no stream at this path (404 Not Found).'],
  [/453 Not Enough Bandwidth/i, 'BUSY', 'The camera allows no further session (453 Not Enough Bandwidth).'],
  [
    /Connection refused|ECONNREFUSED/,
    'UNREACHABLE',
    'Nothing listens at the camera’s address (connection refused).',
  ],
  [
    /No route to host|Network is unreachable|Host is down|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN/,
    'UNREACHABLE',
    'The camera cannot be reached over the network.',
  ],
  [/Connection timed out|Operation timed out|ETIMEDOUT/, 'NO_ANSWER', 'The camera did not answer in time.'],
  [/matches no streams/, 'NO_PICTURE', 'The camera sends no video.'],
];

/**
 * Explains from ffmpeg's messages why it ended. ffmpeg's exit code does not say why: it is 0 even after a lost
 * connection.
 */
export function explain(stderr: string): CameraProblem {
  const known = explanations.find(([pattern]) => pattern.test(stderr));
  if (known) return { code: known[1], message: known[2] };
  const last = stderr.trim().split('\n').at(-1)?.trim().slice(0, 300);
  return {
    code: 'CONNECTION_LOST',
    message: last
      ? `The camera’s stream ended; ffmpeg’s last message: ${last}`
      : 'The camera closed the connection.',
  };
}

/** Whether ffmpeg's messages say that the camera refused the user name or the password. */
export function refusesCredentials(stderr: string): boolean {
  return /401 Unauthorized|403 Forbidden/.test(stderr);
}
