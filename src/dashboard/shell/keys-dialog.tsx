import { Fragment } from 'react';
import type { shell as en } from '../../texts/en/shell.ts';
import { Dialog } from '../parts/dialog.tsx';
import { t } from '../texts/text.ts';
import css from './keys-dialog.module.css';

type Action = keyof typeof en.keys;

/** Titles, and what each key does. "Space" is the only key with a translated name. */
const groups: readonly { title: Action; keys: readonly (readonly [string, Action])[] }[] = [
  {
    title: 'everywhere',
    keys: [
      ['?', 'help'],
      ['Esc', 'esc'],
    ],
  },
  {
    title: 'list',
    keys: [
      ['d m y', 'earlierSpan'],
      ['Shift d m y', 'laterSpan'],
      ['+ −', 'zoom'],
      ['← →', 'move'],
      ['x', 'choose'],
      ['Shift x', 'chooseRange'],
      ['r', 'reviewChosen'],
      ['Esc', 'chooseNone'],
    ],
  },
  {
    title: 'playback',
    keys: [
      ['← →', 'neighbours'],
      ['r', 'review'],
      ['Space, k', 'play'],
      ['j l', 'tenSeconds'],
      ['Shift ← →', 'second'],
      [', .', 'frame'],
      ['e', 'event'],
      ['Home, End', 'ends'],
      ['m', 'sound'],
      ['f', 'fullscreen'],
    ],
  },
];

/** All keys, and what each does. */
export function KeysDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={t('shell.keys.title')} onClose={onClose}>
      <div className={css.groups}>
        {groups.map(({ title, keys }) => (
          <section key={title}>
            <h3>{t(`shell.keys.${title}`)}</h3>
            <dl>
              {keys.map(([key, action]) => (
                <Fragment key={key}>
                  <dt>
                    <kbd>{key.replace('Space', t('shell.keys.space'))}</kbd>
                  </dt>
                  <dd>{t(`shell.keys.${action}`)}</dd>
                </Fragment>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
