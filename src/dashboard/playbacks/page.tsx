import { type ReactNode, useDeferredValue, useEffect, useMemo, useState } from 'react';
import { dataAhead } from '../api/ahead-answers.ts';
import { query } from '../api/client.ts';
import { camerasLoaded, useCameras } from '../api/entities.ts';
import { pageOf } from '../api/first-queries.ts';
import { freshness } from '../api/live.ts';
import { useObservable } from '../api/observable.ts';
import { serverNow } from '../api/server-clock.ts';
import { useMay } from '../api/session.ts';
import { PlaybackCountDocument, type PlaybackFilter, PlaybacksByCursorDocument } from '../gql/graphql.ts';
import { Button, ButtonLink } from '../parts/button.tsx';
import { playbackCount } from '../parts/format.ts';
import { Empty, Page } from '../parts/page.tsx';
import { Problem } from '../parts/problem.tsx';
import { useNow } from '../parts/time.tsx';
import { t } from '../texts/text.ts';
import { useEndless } from './endless.ts';
import { FilterBar } from './filter-bar.tsx';
import { type Filters, isFiltered, noFilters, toApiFilter, useFilters } from './filters.ts';
import { useNumbered } from './numbered.ts';
import css from './page.module.css';
import { Pager } from './pager.tsx';
import { SelectableGrid } from './selectable-grid.tsx';
import { useTimeKeys } from './time-keys.ts';
import { boundsOf, windowOf } from './time-range.ts';
import { Timeline } from './timeline.tsx';

/** All playbacks that match one filter: a timeline row for each camera, and the list, either endless or in pages. */
export function PlaybacksPage() {
  const [filters, change] = useFilters();
  const cameras = useCameras();
  const loaded = useObservable(camerasLoaded);
  // After a click, the page is first rendered without its list, so that it appears at once. If the list has arrived
  // already (ahead.ts), the first rendering shows it.
  const isAsked = useState(() => dataAhead(PlaybacksByCursorDocument, pageOf({}, null)) !== undefined)[0];
  const hasFrame = useDeferredValue(true, isAsked);
  return (
    <Page
      title={t('playbacks.title')}
      actions={
        <Button kind="bare" onClick={() => change({ page: filters.page ? undefined : 1 })}>
          {t(filters.page ? 'playbacks.asOneList' : 'playbacks.byPages')}
        </Button>
      }
    >
      <FilterBar cameras={cameras} filters={filters} onChange={change} />
      {loaded && hasFrame && <Filtered filters={filters} onChange={change} />}
    </Page>
  );
}

function Filtered({
  filters,
  onChange,
}: {
  filters: Filters;
  onChange: (change: Partial<Filters>, isStep?: boolean) => void;
}) {
  const cameras = useCameras().filter(({ id }) => !filters.cameraId || id === filters.cameraId);
  const fresh = useObservable(freshness);
  const now = useNow(10_000);
  // biome-ignore lint/correctness/useExhaustiveDependencies: "the last hour" moves on when the tab becomes visible again
  const bounds = useMemo(() => boundsOf(filters.time, serverNow()), [filters.time, fresh]);
  const window = windowOf(bounds, now);
  useTimeKeys(filters, window, (time) => onChange({ time }));
  const filter = useSame(toApiFilter(filters, bounds));
  const isOpen = bounds.from !== undefined;
  return (
    <>
      <Timeline
        cameras={cameras}
        filter={useSame(toApiFilter(filters, isOpen ? bounds : window))}
        window={useSame(window)}
        now={now}
        onTime={(time, isStep) => onChange({ time }, isStep)}
      />
      {filters.page ? (
        <Numbered filter={filter} page={filters.page} onPage={(page) => onChange({ page })}>
          <Nothing filters={filters} onChange={onChange} />
        </Numbered>
      ) : (
        <Endless filter={filter}>
          <Nothing filters={filters} onChange={onChange} />
        </Endless>
      )}
    </>
  );
}

/** Returns the same object while the values are equal. */
function useSame<T>(value: T): T {
  const key = JSON.stringify(value);
  return useMemo(() => JSON.parse(key) as T, [key]);
}

interface ListProps {
  readonly filter: PlaybackFilter;
  /** Shown if nothing matches. */
  readonly children: ReactNode;
}

function Endless({ filter, children }: ListProps) {
  const { items, newCount, showNew, complete, problem, loadMore } = useEndless(filter);
  const [shown, setShown] = useState(0);
  const total = useCount(filter, items.length, shown);
  const show = () => {
    showNew();
    setShown(shown + 1);
  };
  return (
    <>
      <Head total={complete ? items.length : total} newCount={newCount} onShowNew={show} />
      <ListProblem error={problem} />
      {complete && items.length === 0 && children}
      <SelectableGrid items={items} onEnd={loadMore} />
    </>
  );
}

function Numbered({
  filter,
  children,
  page,
  onPage,
}: ListProps & { page: number; onPage: (page: number) => void }) {
  const { items, newCount, showNew, total, totalPages, problem } = useNumbered(filter, page);
  return (
    <>
      <Head total={total} newCount={newCount} onShowNew={showNew} />
      <ListProblem error={problem} />
      {total === 0 && children}
      <SelectableGrid items={items} />
      <Pager page={page} totalPages={totalPages} onPage={onPage} />
    </>
  );
}

function ListProblem({ error }: { error: unknown }) {
  if (error === undefined) return null;
  return (
    <p role="alert">
      <Problem error={error} />
    </p>
  );
}

/** The number of playbacks, and how many have arrived since the list was loaded. */
function Head({
  total,
  newCount,
  onShowNew,
}: {
  total: number | undefined;
  newCount: number;
  onShowNew: () => void;
}) {
  const words = total === undefined ? '' : playbackCount(total);
  const show = () => {
    onShowNew();
    window.scrollTo({ top: 0 });
  };
  return (
    <div className={css.head}>
      <p className="quiet" role="status">
        {words}
      </p>
      {newCount > 0 && (
        <Button kind="main" onClick={show}>
          {t('playbacks.newOnes', { count: newCount })}
        </Button>
      )}
    </div>
  );
}

function Nothing({ filters, onChange }: { filters: Filters; onChange: (change: Partial<Filters>) => void }) {
  const cameras = useCameras();
  const mayManage = useMay('manage');
  if (isFiltered(filters)) {
    return (
      <Empty
        title={t('playbacks.noMatch')}
        action={<Button onClick={() => onChange(noFilters)}>{t('playbacks.showAll')}</Button>}
      >
        {t(filters.search ? 'playbacks.wholeWords' : 'playbacks.matchesAppear')}
      </Empty>
    );
  }
  if (cameras.length === 0) {
    return (
      <Empty
        title={t('playbacks.nothing')}
        action={mayManage && <ButtonLink to="/cameras/new">{t('playbacks.addCamera')}</ButtonLink>}
      >
        {t('playbacks.ofCameras')}
      </Empty>
    );
  }
  return (
    <Empty title={t('playbacks.nothing')} action={<ButtonLink to="/now">{t('playbacks.start')}</ButtonLink>}>
      {t('playbacks.eventsAppear')}
    </Empty>
  );
}

/**
 * The number of all matching playbacks, including those that are not loaded. Counting is expensive for the server, so
 * it happens once, and again when new ones are shown.
 */
function useCount(filter: PlaybackFilter, loaded: number, asked: number): number | undefined {
  const [count, setCount] = useState<number>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: counts again on request
  useEffect(() => {
    let overtaken = false;
    query(PlaybackCountDocument, { filter }).then(
      ({ playbackConnection }) => !overtaken && setCount(playbackConnection.totalCount),
      () => {},
    );
    return () => {
      overtaken = true;
    };
  }, [filter, asked]);
  return count === undefined ? undefined : Math.max(count, loaded);
}
