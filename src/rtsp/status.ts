import { RtspError } from './errors.ts';
import type { RtspAnswer } from './message.ts';

/** The error for the status of a refused request. */
export function refusal(method: string, { status, reason }: RtspAnswer): RtspError {
  switch (status) {
    case 403:
      return new RtspError('ACCESS_REFUSED');
    case 404:
      return new RtspError('NOT_FOUND');
    case 453:
      return new RtspError('SESSIONS_FULL');
    case 454:
      return new RtspError('SESSION_LOST');
    default: {
      const what = `${method} (${[status, reason].filter(Boolean).join(' ')})`;
      return new RtspError(status >= 500 ? 'FAULTY' : 'REFUSED', what);
    }
  }
}
