import { useState } from 'react';
import { mutate } from '../api/client.ts';
import type { Playback } from '../api/entities.ts';
import { useMay } from '../api/session.ts';
import { tellTabs } from '../api/tabs.ts';
import { DeletePlaybackDocument } from '../gql/graphql.ts';
import { Button, IconButton } from '../parts/button.tsx';
import { ConfirmedButton } from '../parts/confirm.tsx';
import { playbackCount } from '../parts/format.ts';
import { say } from '../parts/notice.tsx';
import { download } from '../playback/download.ts';
import { protect, ReasonDialog } from '../playback/protection.tsx';
import { toggleReviewed } from '../playback/review.tsx';
import type { Selection } from './selection.ts';
import css from './selection-bar.module.css';

/** What can be done with all chosen playbacks. */
export function SelectionBar({ chosen, clear }: Selection) {
  const mayRecord = useMay('record');
  const [asking, setAsking] = useState(false);
  const withClips = chosen.filter(({ videoUrl }) => videoUrl);
  const allReviewed = chosen.every(({ reviewed }) => reviewed);
  const count = playbackCount(chosen.length);
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
      <Button icon="reviewed" onClick={() => toggleReviewed(chosen)}>
        {allReviewed ? 'Not reviewed' : 'Reviewed'}
      </Button>
      {withClips.length > 0 && (
        <Button icon="download" onClick={() => download(withClips.map(({ id }) => id))}>
          Download
        </Button>
      )}
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
      <IconButton icon="close" label="Choose none" onClick={clear} />
      {asking && (
        <ReasonDialog title={`Protect ${count}?`} onReason={protectAll} onClose={() => setAsking(false)} />
      )}
    </section>
  );
}

/**
 * Does something with one playback after the other, even if it fails with some of them.
 * @throws the first error, with the number of playbacks for which it failed
 */
async function forAll(
  playbacks: readonly Playback[],
  action: (playback: Playback) => Promise<unknown>,
): Promise<void> {
  const failures: Error[] = [];
  for (const playback of playbacks) await action(playback).catch((error: Error) => failures.push(error));
  const [first] = failures;
  if (!first) return;
  if (failures.length === playbacks.length) throw first;
  const words = `${failures.length} of ${playbacks.length} could not be changed. ${first.message}`;
  throw Object.assign(first, { message: words });
}
