import type { ComponentProps, ReactNode } from 'react';
import { Link } from 'wouter';
import css from './button.module.css';
import { Icon, type IconName } from './icon.tsx';

type Kind = 'plain' | 'main' | 'danger' | 'dangerMain' | 'bare';

interface Looks {
  readonly kind?: Kind;
  readonly icon?: IconName;
  readonly children: ReactNode;
}

const className = (kind: Kind, iconOnly = false) =>
  [css.button, kind !== 'plain' && css[kind], iconOnly && css.iconOnly].filter(Boolean).join(' ');

export function Button({
  kind = 'plain',
  icon,
  children,
  ...rest
}: Looks & Omit<ComponentProps<'button'>, 'className'>) {
  return (
    <button type="button" {...rest} className={className(kind)}>
      {icon && <Icon name={icon} size={16} />}
      {children}
    </button>
  );
}

/** A button with only an icon. Its label is read by screen readers and shown as a tooltip. */
export function IconButton({
  icon,
  label,
  kind = 'bare',
  ...rest
}: { icon: IconName; label: string; kind?: Kind } & Omit<ComponentProps<'button'>, 'className'>) {
  return (
    <button type="button" {...rest} className={className(kind, true)} aria-label={label} title={label}>
      <Icon name={icon} />
    </button>
  );
}

export function ButtonLink({ kind = 'plain', icon, children, to }: Looks & { to: string }) {
  return (
    <Link to={to} className={className(kind)}>
      {icon && <Icon name={icon} size={16} />}
      {children}
    </Link>
  );
}
