import { useEffect, useState } from 'react';
import { dataAhead } from '../api/ahead-answers.ts';
import { query } from '../api/client.ts';
import { camerasLoaded, type Playback, playbacks, useCameras } from '../api/entities.ts';
import { newestFew } from '../api/first-queries.ts';
import { freshness } from '../api/live.ts';
import { useObservable } from '../api/observable.ts';
import { isRunning, newestFirst } from '../api/running.ts';
import { useMay } from '../api/session.ts';
import { PlaybacksByCursorDocument } from '../gql/graphql.ts';
import { ButtonLink } from '../parts/button.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { useNow } from '../parts/time.tsx';
import { t } from '../texts/text.ts';
import { useHeldOrder, useNear } from './held-order.ts';
import css from './page.module.css';
import { RunningCard } from './running-card.tsx';
import { Trigger } from './trigger.tsx';

/** How long a finished playback stays visible, so that the user sees it finish. */
const lingerMs = 3 * 60_000;

/** The recordings that run or are being finished now, with controls to start and stop recordings. */
export function NowPage() {
  const known = useObservable(playbacks);
  const all = [...known.values()].sort(newestFirst);
  const cameras = useCameras();
  const now = useNow(5_000);
  const mayReport = useMay('report');
  const loaded = useNewest();
  const running = all.filter(isRunning);
  const finished = all.filter((it) => !isRunning(it) && now - Date.parse(it.updatedAt) < lingerMs);
  const { near, handlers } = useNear();
  const order = useHeldOrder(near, { running, finished }, known);
  return (
    <Page
      title={t('now.title')}
      count={running.length > 0 ? t('now.count', { count: running.length }) : undefined}
    >
      {loaded && (
        <div className={css.columns}>
          <div className={css.lists} {...handlers}>
            {order.running.length + order.added.length === 0 && (
              <NothingRuns hasCameras={cameras.length > 0} />
            )}
            <CardList label={t('now.running')} playbacks={order.running} />
            <CardList label={t('now.finished')} playbacks={order.finished} />
            <CardList label={t('now.begun')} playbacks={order.added} />
          </div>
          {mayReport && cameras.length > 0 && <Trigger cameras={cameras} />}
        </div>
      )}
    </Page>
  );
}

function NothingRuns({ hasCameras }: { hasCameras: boolean }) {
  const [mayReport, mayManage] = [useMay('report'), useMay('manage')];
  if (!hasCameras) {
    return (
      <Empty
        title={t('now.nothing')}
        action={mayManage && <ButtonLink to="/cameras/new">{t('now.addCamera')}</ButtonLink>}
      >
        {t('now.noCamera')}
      </Empty>
    );
  }
  return (
    <Empty title={t('now.nothing')} action={<ButtonLink to="/playbacks">{t('now.whatWas')}</ButtonLink>}>
      {t('now.appears')}
      {mayReport && ` ${t('now.canTest')}`}
    </Empty>
  );
}

function CardList({ label, playbacks }: { label: string; playbacks: readonly Playback[] }) {
  if (playbacks.length === 0) return null;
  return (
    <section aria-label={label}>
      <h2 className={css.heading}>{label}</h2>
      <ul className={css.list}>
        {playbacks.map((playback) => (
          <li key={playback.id}>
            <RunningCard playback={playback} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/**
 * Running recordings come from the subscription; recordings that have just ended are queried.
 * @returns whether the query was answered
 */
function useNewest(): boolean {
  const fresh = useObservable(freshness);
  const [answered, setAnswered] = useState(
    () => dataAhead(PlaybacksByCursorDocument, newestFew) !== undefined,
  );
  const hasCameras = useObservable(camerasLoaded);
  // biome-ignore lint/correctness/useExhaustiveDependencies: queries again whenever a push may have been missed
  useEffect(() => {
    const finish = () => setAnswered(true);
    // A failure shows as a lost connection. The query is repeated when the connection is back.
    query(PlaybacksByCursorDocument, newestFew).then(finish, finish);
  }, [fresh]);
  return answered && hasCameras;
}
