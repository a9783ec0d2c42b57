import { useEffect, useId, useRef } from 'react';
import type { EventType } from '../gql/graphql.ts';
import field from '../parts/field.module.css';
import { CheckField } from '../parts/field.tsx';
import { eventTypes, typeName } from '../parts/format.ts';
import { t } from '../texts/text.ts';
import css from './types-field.module.css';

/** A field for one type, several types, or any type. */
export function TypesField({
  types,
  onChange,
}: {
  types: readonly EventType[];
  onChange: (types: EventType[]) => void;
}) {
  const ref = useRef<HTMLDetailsElement>(null);
  const id = useId();
  const [first] = types;
  const words = !first
    ? t('playbacks.filter.anyType')
    : types.length === 1
      ? typeName(first)
      : t('playbacks.filter.types', { count: types.length });
  useEffect(() => {
    const close = ({ target }: Event) => {
      if (ref.current && !ref.current.contains(target as Node)) ref.current.open = false;
    };
    const events = ['pointerdown', 'focusin'];
    for (const name of events) document.addEventListener(name, close);
    return () => {
      for (const name of events) document.removeEventListener(name, close);
    };
  }, []);
  const toggle = (type: EventType, on: boolean) =>
    onChange(eventTypes.filter((each) => (each === type ? on : types.includes(each))));
  return (
    <div className={field.field}>
      <span className={field.label} id={id}>
        {t('playbacks.filter.type')}
      </span>
      <details
        ref={ref}
        className={css.details}
        onKeyDown={({ key, currentTarget }) => {
          if (key !== 'Escape') return;
          currentTarget.open = false;
          currentTarget.querySelector('summary')?.focus();
        }}
      >
        <summary className={css.summary} aria-labelledby={`${id} ${id}-words`}>
          <span id={`${id}-words`}>{words}</span>
        </summary>
        <div className={css.list} role="group" aria-labelledby={id}>
          {eventTypes.map((type) => (
            <CheckField
              key={type}
              label={typeName(type)}
              checked={types.includes(type)}
              onChange={({ target }) => toggle(type, target.checked)}
            />
          ))}
        </div>
      </details>
    </div>
  );
}
