import { Fragment, useState } from 'react';
import { Dialog } from '../parts/dialog.tsx';
import { usePageKeys } from '../parts/page-keys.ts';
import css from './keys-help.module.css';

const groups: readonly { title: string; keys: readonly (readonly [string, string])[] }[] = [
  {
    title: 'Everywhere',
    keys: [
      ['?', 'These keys'],
      ['Esc', 'Closes a dialog'],
    ],
  },
  {
    title: 'In the list of playbacks',
    keys: [
      ['d m y', 'An earlier day, month or year that has playbacks'],
      ['Shift d m y', 'A later one'],
      ['x', 'Chooses the playback that has the focus'],
      ['Shift x', 'Chooses all up to it'],
      ['r', 'Marks it, or all chosen ones, as reviewed or not'],
      ['Esc', 'Chooses none'],
    ],
  },
  {
    title: 'On a playback’s page',
    keys: [
      ['← →', 'The earlier and the later playback'],
      ['r', 'Marks it as reviewed or not'],
      ['Space, k', 'Plays or pauses'],
      ['j l', 'Ten seconds back and on'],
      ['Shift ← →', 'A second back and on'],
      [', .', 'One frame back and on'],
      ['e', 'Goes to where the event begins'],
      ['Home, End', 'The beginning and the end'],
      ['m', 'Sound on or off'],
      ['f', 'Full screen'],
    ],
  },
];

/** All keys, shown with the key "?". */
export function KeysHelp() {
  const [shown, setShown] = useState(false);
  usePageKeys(({ key }) => (key === '?' ? () => setShown(true) : undefined));
  if (!shown) return null;
  return (
    <Dialog title="Keys" onClose={() => setShown(false)}>
      <div className={css.groups}>
        {groups.map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([key, action]) => (
                <Fragment key={key}>
                  <dt>
                    <kbd>{key}</kbd>
                  </dt>
                  <dd>{action}</dd>
                </Fragment>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
