import { observable, useObservable } from '../api/observable.ts';
import { IconButton } from '../parts/button.tsx';
import type { IconName } from '../parts/icon.tsx';
import { t } from '../texts/text.ts';

/** Dark, light, or the system's theme. */

const themes = ['system', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];

const name = 'flashback.theme';
const theme = observable<Theme>(themes.find((known) => known === localStorage.getItem(name)) ?? 'system');

export function applyTheme(): void {
  document.documentElement.style.colorScheme = theme.get() === 'system' ? '' : theme.get();
}

const icons: Record<Theme, IconName> = { system: 'system', light: 'sun', dark: 'moon' };

export function ThemeButton() {
  const current = useObservable(theme);
  const next = themes[(themes.indexOf(current) + 1) % themes.length] as Theme;
  const change = () => {
    localStorage.setItem(name, next);
    theme.set(next);
    applyTheme();
  };
  return (
    <IconButton
      icon={icons[current]}
      label={t('shell.theme', { current: t(`shell.themes.${current}`), next: t(`shell.themes.${next}`) })}
      onClick={change}
    />
  );
}
