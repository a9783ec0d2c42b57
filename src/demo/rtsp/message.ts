import type { RtspRequest as Request } from '../../rtsp/message.ts';

export interface RtspRequest extends Request {
  /** The decoded path without leading and trailing slashes, like `cam/streamid=0`. */
  readonly path: string;
}

/** @throws Error if the target is not a URL; `OPTIONS *` has no path (RFC 2326, 6.1) */
export function withPath(request: Request): RtspRequest {
  const { url } = request;
  const path = url === '*' ? '' : decodeURIComponent(new URL(url).pathname).replace(/^\/|\/$/g, '');
  return { ...request, path };
}
