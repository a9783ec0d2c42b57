/** The name of an operation, as in the S3 API reference. */
export type Operation =
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'DeleteObjects'
  | 'ListObjectsV2'
  | 'HeadBucket'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'ListParts'
  | 'ListMultipartUploads'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload';

/** The effects of faults. `reset` cuts the connection: at once, within the body (of the answer to GetObject), or instead of the answer. */
export type Effect =
  | { status: number; code?: string }
  | { reset: 'at once' | 'midway' | 'after' }
  /** never answers, never reads */
  | { stall: true }
  | { delayMs: number }
  /** the size that HeadObject reports */
  | { wrongSize: number };

export type Fault = Effect & {
  match: (op: Operation, key: string, part: number | undefined) => boolean;
  times: number;
};

export class Faults {
  #waiting: Fault[] = [];

  add(fault: Fault): void {
    this.#waiting.push({ ...fault });
  }

  /** The effect for this request. Taking it uses it up. */
  take(op: Operation, key: string, part: number | undefined): Effect | undefined {
    const fault = this.#waiting.find((candidate) => candidate.match(op, key, part));
    if (!fault) return undefined;
    fault.times--;
    if (fault.times <= 0) this.#waiting = this.#waiting.filter((other) => other !== fault);
    return fault;
  }
}
