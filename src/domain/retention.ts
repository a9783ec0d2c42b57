/** Decides which playbacks retention deletes (pure functions); finishing/retention.ts deletes them. */

/** A rule of one camera. At least one of `days` and `maxBytes` is set. */
export interface RetentionRule<Type extends string = string> {
  /** The rule is about playbacks of events of this type; null: about all playbacks of the camera. */
  readonly eventType: Type | null;
  /** The age in days at which these playbacks are deleted; null: the rule says nothing about age. */
  readonly days: number | null;
  /** The most bytes that the playbacks' clips, posters and storyboards may have; the oldest are deleted first. null: no limit. */
  readonly maxBytes: number | null;
}

/** COMPLETED playbacks of a camera that are too old, or of which there are too many bytes. */
export interface Expiry {
  readonly cameraId: string;
  /** Only playbacks of events of this type; undefined: of any type, and recordings by hand. */
  readonly only?: string | undefined;
  /** Playbacks of events of these types are left out. */
  readonly except: readonly string[];
  readonly limit: { readonly before: Date } | { readonly maxBytes: number };
}

const dayMs = 24 * 3_600_000;

/**
 * The playbacks of a camera that retention deletes. One limit in days applies to a playback: that of the rule for its
 * event's type; else that of the rule for all playbacks of the camera; else RETENTION_DAYS. All limits in bytes apply.
 * @param days RETENTION_DAYS; undefined: none
 * @param now epoch ms
 */
export function expiriesOf(
  cameraId: string,
  rules: readonly RetentionRule[],
  days: number | undefined,
  now: number,
): Expiry[] {
  const before = (age: number) => ({ before: new Date(now - age * dayMs) });
  const aged = rules.filter((rule) => rule.days !== null);
  const typed = aged.filter((rule) => rule.eventType !== null);
  const others = aged.find((rule) => rule.eventType === null)?.days ?? days;
  return [
    ...typed.map(({ eventType, days }) => ({
      ...{ cameraId, only: eventType!, except: [] },
      limit: before(days!),
    })),
    ...(others === undefined
      ? []
      : [{ cameraId, except: typed.map(({ eventType }) => eventType!), limit: before(others) }]),
    ...rules
      .filter(({ maxBytes }) => maxBytes !== null)
      .map(({ eventType, maxBytes }) => ({
        ...{ cameraId, only: eventType ?? undefined, except: [] },
        limit: { maxBytes: maxBytes! },
      })),
  ];
}
