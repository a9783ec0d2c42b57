import { type KeyboardEvent, useEffect, useState } from 'react';
import { mutate } from '../api/client.ts';
import type { Playback } from '../api/entities.ts';
import { useMay } from '../api/session.ts';
import { tellTabs } from '../api/tabs.ts';
import { DeletePlaybackDocument } from '../gql/graphql.ts';
import { Button } from '../parts/button.tsx';
import { ConfirmedButton } from '../parts/confirm.tsx';
import { say } from '../parts/notice.tsx';
import { protect, ReasonDialog } from '../playback/protection.tsx';
import { PlaybackGrid } from './grid.tsx';
import { rememberList } from './last-list.ts';
import css from './selectable-grid.module.css';
import { type Selection, useSelection } from './selection.ts';

/** The list, of which playbacks can be chosen to do something with all of them. */
export function SelectableGrid({ items, onEnd }: { items: readonly Playback[]; onEnd?: () => void }) {
  const selection = useSelection(items);
  useEffect(() => rememberList(items), [items]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const id = (event.target as HTMLElement).closest<HTMLElement>('[data-playback]')?.dataset['playback'];
    if (event.key.toLowerCase() === 'x' && id) selection.toggle(id, event.shiftKey);
    if (event.key === 'Escape') selection.clear();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the cards within, which have check boxes too
    <div onKeyDown={onKeyDown}>
      <PlaybackGrid
        items={items}
        selected={selection.ids}
        onSelect={selection.toggle}
        {...(onEnd && { onEnd })}
      />
      {selection.chosen.length > 0 && <SelectionBar {...selection} />}
    </div>
  );
}

function SelectionBar({ chosen, clear }: Selection) {
  const mayRecord = useMay('record');
  const [asking, setAsking] = useState(false);
  const count = chosen.length === 1 ? '1 playback' : `${chosen.length} playbacks`;
  const protectAll = async (reason: string) => {
    await forAll(chosen, ({ id }) => protect(id, reason));
    setAsking(false);
    say(`${count} protected.`);
    clear();
  };
  const deleteAll = async () => {
    await forAll(chosen, async ({ id }) => {
      await mutate(DeletePlaybackDocument, { id });
      tellTabs({ deletedPlayback: id });
    });
    say(`${count} deleted.`);
  };
  return (
    <section className={css.bar} aria-label="Chosen playbacks">
      <p role="status">{count} chosen</p>
      {mayRecord && (
        <>
          <Button icon="keep" onClick={() => setAsking(true)}>
            Protect
          </Button>
          <ConfirmedButton label="Delete" question={`Delete ${count}?`} onConfirm={deleteAll}>
            Their clips and pictures are deleted too. This cannot be undone. Protected ones stay.
          </ConfirmedButton>
        </>
      )}
      <Button kind="bare" icon="close" onClick={clear}>
        Choose none
      </Button>
      {asking && (
        <ReasonDialog title={`Protect ${count}?`} onReason={protectAll} onClose={() => setAsking(false)} />
      )}
    </section>
  );
}

/**
 * Does it with one after the other, also if it fails with some.
 * @throws the first error, with how many it is true of
 */
async function forAll(
  playbacks: readonly Playback[],
  deed: (playback: Playback) => Promise<unknown>,
): Promise<void> {
  const failures: Error[] = [];
  for (const playback of playbacks) await deed(playback).catch((error: Error) => failures.push(error));
  const [first] = failures;
  if (!first) return;
  if (failures.length === playbacks.length) throw first;
  const words = `${failures.length} of ${playbacks.length} could not be changed. ${first.message}`;
  throw Object.assign(first, { message: words });
}
