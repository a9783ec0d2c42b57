import type { RtspRequest as Request } from '../../rtsp/message.ts';

export interface RtspRequest extends Request {
  /** Decoded path without leading and trailing slash, e.g. `cam/streamid=0`. */
  readonly path: string;
}

/** @throws Error where the target is no URL; `OPTIONS *` has no path (RFC 2326, 6.1) */
export function withPath(request: Request): RtspRequest {
  const { url } = request;
  const path = url === '*' ? '' : decodeURIComponent(new URL(url).pathname).replace(/^\/|\/$/g, '');
  return { ...request, path };
}
