import { type ComponentProps, type ReactNode, useId } from 'react';
import css from './field.module.css';

interface Texts {
  readonly label: string;
  readonly hint?: string | undefined;
  /** The error, as a sentence. */
  readonly problem?: ReactNode;
}

export function TextField({
  label,
  hint,
  problem,
  ...rest
}: Texts & Omit<ComponentProps<'input'>, 'className' | 'id'> & { 'data-first'?: true | undefined }) {
  const id = useId();
  return (
    <Labelled id={id} {...{ label, hint, problem }}>
      <input {...rest} id={id} className={css.control} {...described(id, { hint, problem })} />
    </Labelled>
  );
}

export function SelectField({
  label,
  hint,
  problem,
  children,
  ...rest
}: Texts & { children: ReactNode } & Omit<ComponentProps<'select'>, 'className' | 'id'>) {
  const id = useId();
  return (
    <Labelled id={id} {...{ label, hint, problem }}>
      <select {...rest} id={id} className={css.control} {...described(id, { hint, problem })}>
        {children}
      </select>
    </Labelled>
  );
}

export function CheckField({
  label,
  ...rest
}: { label: string } & Omit<ComponentProps<'input'>, 'className' | 'type'>) {
  return (
    <label className={css.check}>
      <input type="checkbox" {...rest} />
      {label}
    </label>
  );
}

function Labelled({ id, label, hint, problem, children }: Texts & { id: string; children: ReactNode }) {
  return (
    <div className={css.field}>
      <label className={css.label} htmlFor={id}>
        {label}
      </label>
      {children}
      {problem && (
        <p className={css.problem} id={`${id}-problem`}>
          {problem}
        </p>
      )}
      {hint && (
        <p className={css.hint} id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

function described(id: string, { hint, problem }: Omit<Texts, 'label'>) {
  const ids = [problem && `${id}-problem`, hint && `${id}-hint`].filter(Boolean).join(' ');
  return { 'aria-invalid': problem ? true : undefined, 'aria-describedby': ids || undefined };
}
