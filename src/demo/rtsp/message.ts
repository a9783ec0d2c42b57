import { FRAME_HEADER_BYTES, FRAME_MARK } from './interleaved.ts';

export interface RtspRequest {
  method: string;
  /** As sent, e.g. `rtsp://127.0.0.1:554/cam/streamid=0`. */
  url: string;
  /** Decoded path without leading and trailing slash, e.g. `cam/streamid=0`. */
  path: string;
  /** Names in lower case. */
  headers: ReadonlyMap<string, string>;
  body: string;
}

export type Incoming = { request: RtspRequest } | { frame: Buffer };

const MAX_HEAD_BYTES = 16 * 1024;
const MAX_BODY_BYTES = 64 * 1024;
const HEAD_END = '\r\n\r\n';

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  453: 'Not Enough Bandwidth',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  461: 'Unsupported Transport',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  503: 'Service Unavailable',
};

/** Cuts the bytes of one RTSP/1.0 connection into requests and interleaved frames. */
export class RtspParser {
  private pending: Buffer = Buffer.alloc(0);

  push(bytes: Buffer): void {
    this.pending = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes]);
  }

  /**
   * The next whole request or frame, or undefined until more bytes have come.
   * Throws if the bytes cannot be RTSP, or if a head or body is larger than any camera client sends.
   */
  next(): Incoming | undefined {
    if (this.pending.length === 0) return undefined;
    return this.pending[0] === FRAME_MARK ? this.nextFrame() : this.nextRequest();
  }

  private nextFrame(): Incoming | undefined {
    if (this.pending.length < FRAME_HEADER_BYTES) return undefined;
    const frame = this.take(FRAME_HEADER_BYTES + this.pending.readUInt16BE(2));
    return frame && { frame };
  }

  private nextRequest(): Incoming | undefined {
    const headEnd = this.pending.subarray(0, MAX_HEAD_BYTES).indexOf(HEAD_END);
    if (headEnd < 0) {
      if (this.pending.length < MAX_HEAD_BYTES) return undefined;
      throw new Error(`The head of an RTSP request is longer than ${MAX_HEAD_BYTES} bytes.`);
    }
    const { headers, ...line } = parseHead(this.pending.toString('utf8', 0, headEnd));
    const bodyBytes = Number(headers.get('content-length') ?? 0);
    if (!(bodyBytes >= 0 && bodyBytes <= MAX_BODY_BYTES)) {
      throw new Error(`The Content-Length of an RTSP request is not within 0 to ${MAX_BODY_BYTES}.`);
    }
    const bodyStart = headEnd + HEAD_END.length;
    const message = this.take(bodyStart + bodyBytes);
    return message && { request: { ...line, headers, body: message.toString('utf8', bodyStart) } };
  }

  private take(length: number): Buffer | undefined {
    if (this.pending.length < length) return undefined;
    const taken = this.pending.subarray(0, length);
    this.pending = this.pending.subarray(length);
    return taken;
  }
}

/** One RTSP/1.0 response, ready to be written. */
export function formatResponse(
  status: number,
  cseq: string | undefined,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): string {
  const lines = [`RTSP/1.0 ${status} ${REASONS[status] ?? 'Refused'}`];
  if (cseq !== undefined) lines.push(`CSeq: ${cseq}`);
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== '') lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return lines.join('\r\n') + HEAD_END + body;
}

function parseHead(head: string): Omit<RtspRequest, 'body'> {
  const [requestLine = '', ...headerLines] = head.split('\r\n');
  const [, method, url] = /^([A-Z_]+) (\S+) RTSP\/1\.\d$/.exec(requestLine) ?? [];
  if (method === undefined || url === undefined) {
    throw new Error(`Expected an RTSP/1.0 request line, got ${JSON.stringify(requestLine.slice(0, 80))}.`);
  }
  const headers = new Map<string, string>();
  for (const line of headerLines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return { method, url, path: pathOf(url), headers };
}

/** `OPTIONS *` has no path; every other target is an absolute URL (RFC 2326, 6.1). */
function pathOf(url: string): string {
  return url === '*' ? '' : decodeURIComponent(new URL(url).pathname).replace(/^\/|\/$/g, '');
}
