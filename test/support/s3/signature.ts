import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { S3Error } from './s3-error.ts';

// Signature version 4 of docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html.

export interface SignatureRules {
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
  /** ms since 1970 */
  now: () => number;
}

interface Claim {
  credential: string;
  signedHeaders: string[];
  signature: string;
  /** YYYYMMDDTHHMMSSZ */
  date: string;
  payloadHash: string;
}

const signatureAlgorithm = 'AWS4-HMAC-SHA256';
const maxSkewMs = 15 * 60 * 1000;
const maxExpiresSec = 7 * 24 * 60 * 60;

/**
 * Verifies the signature of a request in its headers or in its query.
 * @returns what the request declares about its body: a SHA-256 in hex, UNSIGNED-PAYLOAD or STREAMING-…
 */
export function verifySignature(req: IncomingMessage, url: URL, rules: SignatureRules): string {
  const claim = url.searchParams.has('X-Amz-Signature')
    ? claimInQuery(url.searchParams, rules)
    : claimInHeaders(req, rules);
  const [keyId, day, region, service, end] = claim.credential.split('/');
  if (keyId !== rules.accessKeyId) throw new S3Error(403, 'InvalidAccessKeyId');
  if (region !== rules.region || service !== 's3' || end !== 'aws4_request' || !claim.date.startsWith(day!)) {
    throw new S3Error(
      400,
      'AuthorizationHeaderMalformed',
      `expected the scope DAY/${rules.region}/s3/aws4_request`,
    );
  }
  assertAllSigned(req, claim.signedHeaders);

  const scope = `${day}/${region}/s3/aws4_request`;
  const toSign = [signatureAlgorithm, claim.date, scope, sha256(canonicalRequest(req, url, claim))].join(
    '\n',
  );
  let key: Buffer = Buffer.from(`AWS4${rules.secretAccessKey}`);
  for (const step of scope.split('/')) key = hmac(key, step);
  if (hmac(key, toSign).toString('hex') !== claim.signature) throw new S3Error(403, 'SignatureDoesNotMatch');
  return claim.payloadHash;
}

function claimInHeaders(req: IncomingMessage, rules: SignatureRules): Claim {
  const pattern = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=(\w+)$/;
  const [, credential, signedHeaders, signature] = pattern.exec(req.headers.authorization ?? '') ?? [];
  const date = header(req, 'x-amz-date');
  const payloadHash = header(req, 'x-amz-content-sha256');
  if (!credential || !signedHeaders || !signature || !date) throw new S3Error(403, 'AccessDenied');
  if (!payloadHash) throw new S3Error(400, 'InvalidRequest', 'x-amz-content-sha256 is missing');
  if (!(Math.abs(timeOf(date) - rules.now()) <= maxSkewMs)) throw new S3Error(403, 'RequestTimeTooSkewed');
  return { credential, signedHeaders: signedHeaders.split(';'), signature, date, payloadHash };
}

function claimInQuery(query: URLSearchParams, rules: SignatureRules): Claim {
  const [algorithm, credential, signedHeaders, signature, date, expires] = [
    'Algorithm',
    'Credential',
    'SignedHeaders',
    'Signature',
    'Date',
    'Expires',
  ].map((name) => query.get(`X-Amz-${name}`));
  if (algorithm !== signatureAlgorithm || !credential || !signedHeaders || !signature || !date) {
    throw new S3Error(400, 'AuthorizationQueryParametersError');
  }
  const lifeSec = Number(expires);
  if (!(lifeSec >= 1 && lifeSec <= maxExpiresSec))
    throw new S3Error(400, 'AuthorizationQueryParametersError');
  if (rules.now() > timeOf(date) + lifeSec * 1000)
    throw new S3Error(403, 'AccessDenied', 'Request has expired');
  return {
    credential,
    signedHeaders: signedHeaders.split(';'),
    signature,
    date,
    payloadHash: 'UNSIGNED-PAYLOAD',
  };
}

/** Host and every x-amz- header must be signed, because otherwise anybody could change them. */
function assertAllSigned(req: IncomingMessage, signedHeaders: string[]): void {
  const mustBe = ['host', ...Object.keys(req.headers).filter((name) => name.startsWith('x-amz-'))];
  const unsigned = mustBe.filter((name) => !signedHeaders.includes(name));
  if (unsigned.length > 0) throw new S3Error(403, 'AccessDenied', `not signed: ${unsigned.join(', ')}`);
}

function canonicalRequest(req: IncomingMessage, url: URL, claim: Claim): string {
  const path = url.pathname.split('/').map((segment) => encode(decodeURIComponent(segment)));
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort();
  const headers = claim.signedHeaders.map(
    (name) => `${name}:${header(req, name).trim().replace(/ +/g, ' ')}\n`,
  );
  return [
    req.method,
    path.join('/'),
    query.join('&'),
    headers.join(''),
    claim.signedHeaders.join(';'),
    claim.payloadHash,
  ].join('\n');
}

function header(req: IncomingMessage, name: string): string {
  return String(req.headers[name] ?? '');
}

function timeOf(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
