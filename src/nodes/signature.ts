import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** A call from one node to another, as both see it. */
export interface NodeCall {
  readonly method: string;
  /** The path, without the address that leads there. */
  readonly path: string;
  /** The called node and its incarnation, so that a later start of that node refuses the call. */
  readonly to: string;
  readonly body: string;
}

const header = /^(\d{1,15}) ([\w-]{43})$/;

/** Signs and verifies calls between nodes with the secret that all nodes have. */
export interface CallSigner {
  /**
   * @param validMs for how long the call is valid: as long as its sender waits for the answer. A call that arrives later, for
   *   example because the network was away, is refused: its sender has asked again by then, or has given up
   * @returns the value of the header `signatureHeader`
   */
  sign(call: NodeCall, validMs: number): string;
  verify(call: NodeCall, signature: string | undefined): boolean;
}

export const signatureHeader = 'x-flashback-signature';

/** @param now the database's clock, in epoch milliseconds, which all nodes know to a few milliseconds */
export function createCallSigner(secret: Buffer, now: () => number): CallSigner {
  // A separate key: the signature of a link is then never valid for a call.
  const key = createHmac('sha256', secret).update('calls between nodes').digest();
  const signatureOf = ({ method, path, to, body }: NodeCall, expires: string) => {
    const ofBody = createHash('sha256').update(body).digest('hex');
    return createHmac('sha256', key)
      .update(JSON.stringify([method, path, to, expires, ofBody]))
      .digest();
  };
  return {
    sign(call, validMs) {
      const expires = `${Math.round(now()) + validMs}`;
      return `${expires} ${signatureOf(call, expires).toString('base64url')}`;
    },
    verify(call, signature) {
      const [, expires = '', given = ''] = header.exec(signature ?? '') ?? [];
      if (!given || Number(expires) < now()) return false;
      return timingSafeEqual(signatureOf(call, expires), Buffer.from(given, 'base64url'));
    },
  };
}
