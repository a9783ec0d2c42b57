import { z } from 'zod';
import type { CameraSettings } from '../db/cameras.ts';
import { isSite } from '../domain/site.ts';
import type { Camera, EventType } from '../generated/prisma/client.ts';
import { longestSec } from './event-times.ts';
import { streamUrl, textOf, wholeNumber } from './input.ts';

/** A rule of retention as callers give it. */
export interface RetentionRuleInput {
  readonly eventType?: EventType | null | undefined;
  readonly days?: number | null | undefined;
  readonly maxBytes?: bigint | null | undefined;
}

/** A camera's settings as callers give them; null means left out. */
export type SettingsInput = Given<Omit<CameraSettings, 'retention'>> & {
  readonly retention?: readonly RetentionRuleInput[] | null | undefined;
};

const expectedBytes = `Expected a whole number from 1 to ${Number.MAX_SAFE_INTEGER}.`;
const retentionRule = z
  .object({
    eventType: z.custom<EventType | null>().default(null),
    days: wholeNumber(1, 36_500).nullable().default(null),
    maxBytes: z.bigint().min(1n, expectedBytes).transform(Number).nullable().default(null),
  })
  .refine(({ days, maxBytes }) => days !== null || maxBytes !== null, 'Expected days, maxBytes or both.');

/** At most one rule for each type of event, and one for all playbacks of the camera. */
const retentionRules = z
  .array(retentionRule)
  .refine(
    (rules) => new Set(rules.map(({ eventType }) => eventType)).size === rules.length,
    'Expected at most one rule for each event type, and one without.',
  );

/** "" means no site: null in an input means left out. */
const site = z
  .string()
  .trim()
  .refine((text) => text === '' || isSite(text), 'Expected up to 100 characters.')
  .transform((text) => text || null);

/**
 * The rules for the settings of a connection to a camera.
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
 * The rules for all settings of a camera.
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
  retention: retentionRules,
  site,
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
  retention: [],
  site: '',
} as const;

/** Settings in an input; null means left out. */
export type Given<T> = { readonly [K in keyof T]?: T[K] | null | undefined };

/** Fills in defaults for what the input leaves out. */
export const withDefaults = (defaults: object, input: object): object => ({
  ...defaults,
  ...Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null && value !== undefined)),
});
