import type { Camera } from '../api/entities.ts';
import type { EventType, RetentionRuleInput } from '../gql/graphql.ts';
import { Button, IconButton } from '../parts/button.tsx';
import { SelectField, TextField } from '../parts/field.tsx';
import { eventTypes, typeNames } from '../parts/format.ts';
import css from './retention.module.css';

/** A rule as the form has it: texts, because a field may be empty or wrong. */
export interface RuleValues {
  readonly eventType: EventType | '';
  readonly days: string;
  readonly gigabytes: string;
}

const bytesPerGigabyte = 1e9;

export const rulesOf = (retention: Camera['retention'] = []): readonly RuleValues[] =>
  retention.map(({ eventType, days, maxBytes }) => ({
    eventType: eventType ?? '',
    days: days == null ? '' : String(days),
    gigabytes: maxBytes == null ? '' : String(maxBytes / bytesPerGigabyte),
  }));

/** A text that is no number is sent as -1, which the server refuses. */
export const ruleInputs = (rules: readonly RuleValues[]): RetentionRuleInput[] =>
  rules.map(({ eventType, days, gigabytes }) => ({
    eventType: eventType || null,
    days: days.trim() === '' ? null : /^\d{1,9}$/.test(days.trim()) ? Number(days) : -1,
    maxBytes:
      gigabytes.trim() === ''
        ? null
        : /^\d{1,6}([.,]\d{1,9})?$/.test(gigabytes.trim())
          ? Math.round(Number(gigabytes.replace(',', '.')) * bytesPerGigabyte)
          : -1,
  }));

/** When the camera's playbacks are deleted. @param problem the server's words about the rules */
export function RetentionFields({
  rules,
  problem,
  onChange,
}: {
  rules: readonly RuleValues[];
  problem: string | undefined;
  onChange: (rules: readonly RuleValues[]) => void;
}) {
  const free = (['', ...eventTypes] as const).find((type) => rules.every((rule) => rule.eventType !== type));
  const change = (at: number, part: Partial<RuleValues>) =>
    onChange(rules.map((rule, i) => (i === at ? { ...rule, ...part } : rule)));
  return (
    <fieldset className={css.rules}>
      <legend>Keeps playbacks</legend>
      {rules.length === 0 && <p className={css.hint}>As long as the server’s setting says.</p>}
      {rules.map((rule, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rules have no id, and no state beside their values
        <div key={at} className={css.rule}>
          <SelectField
            label="Of events"
            value={rule.eventType}
            onChange={({ target }) => change(at, { eventType: target.value as EventType | '' })}
          >
            <option value="">All</option>
            {eventTypes.map((type) => (
              <option key={type} value={type}>
                {typeNames[type]}
              </option>
            ))}
          </SelectField>
          <TextField
            label="Days"
            inputMode="numeric"
            value={rule.days}
            onChange={({ target }) => change(at, { days: target.value })}
          />
          <TextField
            label="Gigabytes"
            inputMode="decimal"
            value={rule.gigabytes}
            onChange={({ target }) => change(at, { gigabytes: target.value })}
          />
          <IconButton
            icon="close"
            label="Remove this limit"
            onClick={() => onChange(rules.filter((_, i) => i !== at))}
          />
        </div>
      ))}
      {problem && (
        <p className={css.problem} role="alert">
          {problem}
        </p>
      )}
      {free !== undefined && (
        <Button
          icon="plus"
          onClick={() => onChange([...rules, { eventType: free, days: '', gigabytes: '' }])}
        >
          Add a limit
        </Button>
      )}
    </fieldset>
  );
}
