import type { RetentionRule as Rule } from '../domain/retention.ts';
import type { EventType as Type } from '../generated/prisma/client.ts';
import { builder } from './builder.ts';
import { EventType } from './enums.ts';

/** The descriptions of the fields of a rule, for its input and for its type. */
export const ruleTexts = {
  eventType: 'The rule is about playbacks of events of this type; null: about all playbacks of the camera.',
  days: 'The age in days at which these playbacks are deleted. A rule for the event’s type takes precedence over the camera’s rule for all types, and both over RETENTION_DAYS.',
  maxBytes:
    'The most bytes that their clips and pictures may have; the oldest are deleted first. Protected ones do not count.',
};

export const RetentionRule = builder.objectRef<Rule>('RetentionRule').implement({
  description: 'When playbacks of a camera are deleted.',
  fields: (t) => ({
    eventType: t.field({
      type: EventType,
      nullable: true,
      description: ruleTexts.eventType,
      resolve: ({ eventType }) => eventType as Type | null,
    }),
    days: t.exposeInt('days', { nullable: true, description: ruleTexts.days }),
    maxBytes: t.field({
      type: 'BigInt',
      nullable: true,
      description: ruleTexts.maxBytes,
      resolve: ({ maxBytes }) => (maxBytes === null ? null : BigInt(maxBytes)),
    }),
  }),
});
