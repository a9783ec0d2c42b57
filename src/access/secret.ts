import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits, with a prefix by which scanners for leaked secrets recognize it. */
export const newSecret = (): string => `fb_${randomBytes(32).toString('base64url')}`;

/** The token of a link to one clip: 256 random bits. */
export const newShareToken = (): string => randomBytes(32).toString('base64url');

/** The SHA-256 of a secret in hexadecimal digits. It is stored instead of the secret. */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
