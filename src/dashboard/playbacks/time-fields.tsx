import { useState } from 'react';
import { SelectField, TextField } from '../parts/field.tsx';
import { dayStart, localDay } from '../parts/format.ts';
import { useNow } from '../parts/time.tsx';
import { t } from '../texts/text.ts';
import { anyTime, localTime, parseLocalTime, presets, shownTime, type TimeRange } from './time-range.ts';

/** Fields for the time that is shown: a preset, a day, or a range. */
export function TimeFields({ time, onChange }: { time: TimeRange; onChange: (time: TimeRange) => void }) {
  const today = localDay(useNow(60_000));
  const choose = (kind: string) => {
    const preset = presets.find((known) => known === kind);
    if (preset) onChange({ kind: 'preset', preset });
    else if (kind === 'day') onChange({ kind: 'day', day: today });
    else if (kind === 'between')
      onChange({ kind: 'between', from: localTime(dayStart(today).getTime()), to: undefined });
    else onChange(anyTime);
  };
  return (
    <>
      <SelectField
        label={t('playbacks.filter.time')}
        value={time.kind === 'preset' ? time.preset : time.kind}
        onChange={({ target }) => choose(target.value)}
      >
        <option value="any">{t('playbacks.filter.any')}</option>
        {presets.map((preset) => (
          <option key={preset} value={preset}>
            {t(`playbacks.filter.${preset}`)}
          </option>
        ))}
        <option value="day">{t('playbacks.filter.aDay')}</option>
        <option value="between">{t('playbacks.filter.between')}</option>
      </SelectField>
      {time.kind === 'day' && (
        <TextField
          label={t('playbacks.filter.day')}
          type="date"
          value={time.day}
          max={today}
          onChange={({ target }) => target.value && onChange({ kind: 'day', day: target.value })}
        />
      )}
      {time.kind === 'between' && (
        <>
          <MomentField
            label={t('playbacks.filter.from')}
            value={time.from}
            onChange={(from) => onChange({ ...time, from })}
          />
          <MomentField
            label={t('playbacks.filter.to')}
            value={time.to}
            onChange={(to) => onChange({ ...time, to })}
          />
        </>
      )}
    </>
  );
}

/** A local time as a text field: one Tab stop, and 24 hours in every browser language. */
function MomentField({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}) {
  const [typed, setTyped] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const take = () => {
    if (typed === undefined) return;
    const moment = parseLocalTime(typed, Date.now());
    if (typed.trim() !== '' && !moment) return setProblem(t('playbacks.filter.badTime'));
    setProblem(undefined);
    setTyped(undefined);
    if (moment !== value) onChange(moment);
  };
  return (
    <TextField
      label={label}
      placeholder="2026-11-28 14:00"
      value={typed ?? (value && shownTime(value)) ?? ''}
      problem={problem}
      onChange={({ target }) => setTyped(target.value)}
      onBlur={take}
      onKeyDown={({ key }) => key === 'Enter' && take()}
    />
  );
}
