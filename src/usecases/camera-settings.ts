import { z } from 'zod';
import type { CameraSettings } from '../db/cameras.ts';
import type { Camera } from '../generated/prisma/client.ts';
import { longestSec } from './event-times.ts';
import { streamUrl, textOf, wholeNumber } from './input.ts';

/**
 * The settings of a connection to a camera.
 * @param shown the address as the API shows it; it stands for the stored one with its credentials
 */
export const connectionRules = (shown?: string) => ({
  rtspUrl: streamUrl(shown),
  transport: z.custom<Camera['transport']>(),
  reader: z.custom<Camera['reader']>(),
  tls: z.custom<Camera['tls']>(),
  allowOldTls: z.boolean(),
});

/**
 * All settings of a camera.
 * @param shown see `connectionRules`
 */
export const settingRules = (shown?: string) => ({
  ...connectionRules(shown),
  name: textOf(200),
  channel: wholeNumber(0, 65_535),
  enabled: z.boolean(),
  recordOn: z.array(z.custom<CameraSettings['recordOn'][number]>()).transform((types) => [...new Set(types)]),
  preRollSec: wholeNumber(0, 60),
  postRollSec: wholeNumber(0, 300),
  maxDurationSec: wholeNumber(1, longestSec),
});

export const connectionDefaults = {
  transport: 'AUTO',
  reader: 'AUTO',
  tls: 'PINNED',
  allowOldTls: false,
} as const;

/** The settings of a new camera that the caller left out. */
export const settingDefaults = {
  ...connectionDefaults,
  channel: 1,
  enabled: true,
  recordOn: ['MOTION'],
  preRollSec: 5,
  postRollSec: 0,
  maxDurationSec: 3_600,
} as const;

/** Settings in an input; null means left out. */
export type Given<T> = { readonly [K in keyof T]?: T[K] | null | undefined };

/** Fills in defaults for what the input leaves out. */
export const withDefaults = (defaults: object, input: object): object => ({
  ...defaults,
  ...Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null && value !== undefined)),
});
