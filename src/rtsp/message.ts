/** Requests and answers of RTSP 1.0 (RFC 2326), as text. Camera and client send the same forms. */

export interface RtspRequest {
  readonly method: string;
  /** As sent, e.g. `rtsp://192.0.2.10:554/cam/streamid=0`. */
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
}

export interface RtspAnswer {
  /** `RTSP`, or `HTTP` if a web server answers. */
  readonly protocol: string;
  readonly status: number;
  /** The text after the status; may be empty. */
  readonly reason: string;
  readonly headers: Headers;
  readonly body: string;
}

export type RtspMessage = RtspRequest | RtspAnswer;

/** Values by name in lower case. Several values of one name are joined with commas. */
export type Headers = ReadonlyMap<string, string>;

export type Head = Omit<RtspRequest, 'body'> | Omit<RtspAnswer, 'body'>;

export const maxHeadBytes = 16 * 1024;
export const maxBodyBytes = 64 * 1024;

const reasons: Readonly<Record<number, string>> = {
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

export function isAnswer<T extends Head>(message: T): message is Extract<T, { status: number }> {
  return 'status' in message;
}

/** First line and headers; undefined if the text begins with neither a request line nor a status line. */
export function parseHead(text: string): Head | undefined {
  const [first = '', ...lines] = text.split(/\r?\n/);
  const [, protocol, status = '', reason = ''] = /^(RTSP|HTTP)\/\d\.\d +(\d{3})(?: (.*))?$/.exec(first) ?? [];
  if (protocol)
    return { protocol, status: Number(status), reason: reason.trim(), headers: parseHeaders(lines) };
  const [, method, url] = /^([A-Z_]+) +(\S+) +RTSP\/\d\.\d *$/.exec(first) ?? [];
  return method && url ? { method, url, headers: parseHeaders(lines) } : undefined;
}

function parseHeaders(lines: readonly string[]): Headers {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

/** The CSeq of the request that this answers; undefined if the camera does not send it. */
export function sequenceOf(headers: Headers): number | undefined {
  const text = /^\d+/.exec(headers.get('cseq') ?? '')?.[0];
  return text === undefined ? undefined : Number(text);
}

export function formatRequest(
  method: string,
  url: string,
  headers: Readonly<Record<string, string | number | undefined>>,
): string {
  return format(`${method} ${url} RTSP/1.0`, headers, '');
}

/** @param sequence the CSeq of the request, as it was sent */
export function formatAnswer(
  status: number,
  sequence: string | undefined,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): string {
  return format(`RTSP/1.0 ${status} ${reasons[status] ?? 'Refused'}`, { CSeq: sequence, ...headers }, body);
}

function format(
  first: string,
  headers: Readonly<Record<string, string | number | undefined>>,
  body: string,
): string {
  const lines = [first];
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) lines.push(`${name}: ${value}`);
  }
  if (body !== '') lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
