import { useState } from 'react';
import { mutate } from '../api/client.ts';
import type { Playback } from '../api/entities.ts';
import { useMay } from '../api/session.ts';
import { tellTabs } from '../api/tabs.ts';
import { DeletePlaybackDocument } from '../gql/graphql.ts';
import { Button, IconButton } from '../parts/button.tsx';
import { ConfirmedButton } from '../parts/confirm.tsx';
import { say } from '../parts/notice.tsx';
import { download } from '../playback/download.ts';
import { protect, ReasonDialog } from '../playback/protection.tsx';
import { toggleReviewed } from '../playback/review.tsx';
import { t } from '../texts/text.ts';
import type { Selection } from './selection.ts';
import css from './selection-bar.module.css';

/** What can be done with all chosen playbacks. */
export function SelectionBar({ chosen, clear }: Selection) {
  const mayRecord = useMay('record');
  const [asking, setAsking] = useState(false);
  const withClips = chosen.filter(({ videoUrl }) => videoUrl);
  const allReviewed = chosen.every(({ reviewed }) => reviewed);
  const count = chosen.length;
  const protectAll = async (reason: string) => {
    await forAll(chosen, ({ id }) => protect(id, reason));
    setAsking(false);
    say(t('playbacks.chosen.protected', { count }));
    clear();
  };
  const deleteAll = async () => {
    await forAll(chosen, async ({ id }) => {
      await mutate(DeletePlaybackDocument, { id });
      tellTabs({ deletedPlayback: id });
    });
    say(t('playbacks.chosen.deleted', { count }));
  };
  return (
    <section className={css.bar} aria-label={t('playbacks.chosen.title')}>
      <p role="status">{t('playbacks.chosen.count', { count })}</p>
      <Button icon="reviewed" onClick={() => toggleReviewed(chosen)}>
        {t(allReviewed ? 'playbacks.notReviewed' : 'playbacks.reviewed')}
      </Button>
      {withClips.length > 0 && (
        <Button icon="download" onClick={() => download(withClips.map(({ id }) => id))}>
          {t('playback.download')}
        </Button>
      )}
      {mayRecord && (
        <>
          <Button icon="keep" onClick={() => setAsking(true)}>
            {t('playback.protection.protect')}
          </Button>
          <ConfirmedButton
            label={t('parts.delete')}
            question={t('playbacks.chosen.deleteQuestion', { count })}
            onConfirm={deleteAll}
          >
            {t('playbacks.chosen.deleteWarning')}
          </ConfirmedButton>
        </>
      )}
      <IconButton icon="close" label={t('playbacks.chosen.none')} onClick={clear} />
      {asking && (
        <ReasonDialog
          title={t('playbacks.chosen.protectQuestion', { count })}
          onReason={protectAll}
          onClose={() => setAsking(false)}
        />
      )}
    </section>
  );
}

/**
 * Does something with one playback after the other, even if it fails with some of them.
 * @throws the first error; if it did not fail for all, as the cause of one that says for how many
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
  const counts = { failed: failures.length, all: playbacks.length };
  throw new Error(t('playbacks.chosen.partlyFailed', counts), { cause: first });
}
