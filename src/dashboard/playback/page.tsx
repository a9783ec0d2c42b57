import { lazy, Suspense, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { mutate } from '../api/client.ts';
import { type Playback, usePlayback } from '../api/entities.ts';
import { isRunning, occasion } from '../api/running.ts';
import { useMay } from '../api/session.ts';
import { tellTabs } from '../api/tabs.ts';
import { DeletePlaybackDocument } from '../gql/graphql.ts';
import { EndButton } from '../now/end-button.tsx';
import { Offsite } from '../now/offsite.tsx';
import { Steps } from '../now/steps.tsx';
import { Button, IconButton } from '../parts/button.tsx';
import { ConfirmedButton } from '../parts/confirm.tsx';
import { copyText } from '../parts/copy.ts';
import { dayAndClock } from '../parts/format.ts';
import { say } from '../parts/notice.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { StatusBadge } from '../parts/status.tsx';
import { t } from '../texts/text.ts';
import { useDetails } from './details.ts';
import { download } from './download.ts';
import { Facts } from './facts.tsx';
import { FailurePanel } from './failure.tsx';
import { LivePlayer } from './live-player.tsx';
import { useNeighbours, type Way } from './neighbours.ts';
import css from './page.module.css';
import { Player } from './player.tsx';
import { ProtectButton, ProtectionPanel } from './protection.tsx';
import { ReviewButton } from './review.tsx';
import { Transitions } from './transitions.tsx';

const ShareDialog = lazy(() => import('./share.tsx').then((it) => ({ default: it.ShareDialog })));

/** One playback: its clip, or why there is none, and all facts about it. */
export function PlaybackPage({ id }: { id: string }) {
  const playback = usePlayback(id);
  const { details, missing, problem } = useDetails(id, playback?.updatedAt);
  const [, navigate] = useLocation();
  const goTo = useNeighbours(playback);
  if (problem !== undefined && !playback) {
    return (
      <Page title={t('playback.title')}>
        <Empty title={t('playback.cannotShow')}>
          <Problem error={problem} />
        </Empty>
      </Page>
    );
  }
  if (!playback) {
    return (
      <Page title={t('playback.title')}>
        {missing && (
          <Empty title={t('playback.noSuch')} action={<Link to="/playbacks">{t('playback.all')}</Link>}>
            {t('playback.deletedOrWrong')}
          </Empty>
        )}
      </Page>
    );
  }
  const remove = async () => {
    await mutate(DeletePlaybackDocument, { id });
    navigate('/playbacks');
    tellTabs({ deletedPlayback: id });
    say(t('playback.isDeleted'));
  };
  return (
    <Page
      title={playback.camera.name}
      actions={<Actions playback={playback} onDelete={remove} onNeighbour={goTo} />}
    >
      <p className={css.subtitle}>
        <StatusBadge status={playback.recordingStatus} />
        <span>
          {occasion(playback)} · {dayAndClock(playback.startedAt)}
        </span>
      </p>
      <div className={css.columns}>
        <div className={css.main}>
          <ProtectionPanel playback={playback} />
          <Screen playback={playback} />
          {details && <Transitions transitions={details.transitions} />}
        </div>
        <Facts playback={playback} details={details} />
      </div>
    </Page>
  );
}

function Screen({ playback }: { playback: Playback }) {
  const { id, videoUrl, liveUrl, failure, camera } = playback;
  if (videoUrl) return <Player key={id} playback={playback} videoUrl={videoUrl} />;
  if (failure) return <FailurePanel playback={playback} failure={failure} />;
  return (
    <div className={css.underWay}>
      {isRunning(playback) && liveUrl && (
        <div className={css.live}>
          <LivePlayer id={id} url={liveUrl} label={t('now.live', { camera: camera.name })} />
        </div>
      )}
      <Steps playback={playback} />
      <Offsite playback={playback} />
    </div>
  );
}

function Actions({
  playback,
  onDelete,
  onNeighbour,
}: {
  playback: Playback;
  onDelete: () => Promise<void>;
  onNeighbour: (way: Way) => void;
}) {
  const mayRecord = useMay('record');
  return (
    <>
      <IconButton icon="back" label={t('playback.earlier')} onClick={() => onNeighbour('earlier')} />
      <IconButton icon="forward" label={t('playback.later')} onClick={() => onNeighbour('later')} />
      <EndButton playback={playback} />
      <ReviewButton playback={playback} />
      <Button icon="link" onClick={() => copyText(location.href, t('playback.linkCopied'))}>
        {t('playback.copyLink')}
      </Button>
      {playback.videoUrl && (
        <Button icon="download" onClick={() => download([playback.id])}>
          {t('playback.download')}
        </Button>
      )}
      {playback.videoUrl && mayRecord && <ShareButton id={playback.id} />}
      <ProtectButton playback={playback} />
      {mayRecord && !playback.protection && (
        <ConfirmedButton
          label={t('parts.delete')}
          question={t('playback.deleteQuestion')}
          onConfirm={onDelete}
        >
          {t('playback.deleteWarning')}
        </ConfirmedButton>
      )}
    </>
  );
}

function ShareButton({ id }: { id: string }) {
  const [atMs, setAtMs] = useState<number>();
  const open = () => setAtMs((document.querySelector('video')?.currentTime ?? 0) * 1_000);
  return (
    <>
      <Button icon="share" onClick={open}>
        {t('playback.share.button')}
      </Button>
      {atMs !== undefined && (
        <Suspense>
          <ShareDialog id={id} atMs={atMs} onClose={() => setAtMs(undefined)} />
        </Suspense>
      )}
    </>
  );
}
