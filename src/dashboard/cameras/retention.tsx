import type { Camera } from '../api/entities.ts';
import type { EventType, RetentionRuleInput } from '../gql/graphql.ts';
import { Button, IconButton } from '../parts/button.tsx';
import { SelectField, TextField } from '../parts/field.tsx';
import { eventTypes, typeName } from '../parts/format.ts';
import { fieldProblem } from '../parts/problem.tsx';
import { t } from '../texts/text.ts';
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
      <legend>{t('cameras.retention.title')}</legend>
      {rules.length === 0 && <p className={css.hint}>{t('cameras.retention.asServer')}</p>}
      {rules.map((rule, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rules have no id, and no state beside their values
        <div key={at} className={css.rule}>
          <SelectField
            label={t('cameras.retention.ofEvents')}
            value={rule.eventType}
            onChange={({ target }) => change(at, { eventType: target.value as EventType | '' })}
          >
            <option value="">{t('cameras.retention.all')}</option>
            {eventTypes.map((type) => (
              <option key={type} value={type}>
                {typeName(type)}
              </option>
            ))}
          </SelectField>
          <TextField
            label={t('cameras.retention.days')}
            inputMode="numeric"
            value={rule.days}
            onChange={({ target }) => change(at, { days: target.value })}
          />
          <TextField
            label={t('cameras.retention.gigabytes')}
            inputMode="decimal"
            value={rule.gigabytes}
            onChange={({ target }) => change(at, { gigabytes: target.value })}
          />
          <IconButton
            icon="close"
            label={t('cameras.retention.remove')}
            onClick={() => onChange(rules.filter((_, i) => i !== at))}
          />
        </div>
      ))}
      {problem && (
        <p className={css.problem} role="alert">
          {fieldProblem(problem)}
        </p>
      )}
      {free !== undefined && (
        <Button
          icon="plus"
          onClick={() => onChange([...rules, { eventType: free, days: '', gigabytes: '' }])}
        >
          {t('cameras.retention.add')}
        </Button>
      )}
    </fieldset>
  );
}
