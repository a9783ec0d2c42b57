import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits, with a prefix by which scanners for leaked secrets can know it. */
export const newSecret = (): string => `fb_${randomBytes(32).toString('base64url')}`;

/** What is stored instead of a secret: its SHA-256, in hexadecimal digits. */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
