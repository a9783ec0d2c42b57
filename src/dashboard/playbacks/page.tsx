import { useEffect, useMemo, useState } from 'react';
import { query } from '../api/client.ts';
import { useCameras } from '../api/entities.ts';
import { PlaybackCountDocument, type PlaybackFilter } from '../gql/graphql.ts';
import { Button } from '../parts/button.tsx';
import { Empty, Page } from '../parts/page.tsx';
import { DayTimeline } from './day-timeline.tsx';
import { FilterBar } from './filter-bar.tsx';
import { toApiFilter, useFilters } from './filters.ts';
import { PlaybackGrid } from './grid.tsx';
import { useEndless, useNumbered } from './lists.ts';
import { Pager } from './pager.tsx';

/** Everything that was recorded: the day on a line for each camera, and the list, endless or by pages. */
export function PlaybacksPage() {
  const cameras = useCameras();
  const [filters, change] = useFilters();
  const filter = useMemo(() => toApiFilter(filters), [filters]);
  return (
    <Page
      title="Playbacks"
      actions={
        <Button kind="bare" onClick={() => change({ page: filters.page ? undefined : 1 })}>
          {filters.page ? 'Show as one list' : 'Show by pages'}
        </Button>
      }
    >
      <FilterBar cameras={cameras} filters={filters} onChange={change} />
      <DayTimeline cameras={cameras.filter(({ id }) => !filters.cameraId || id === filters.cameraId)} />
      {filters.page ? (
        <Numbered filter={filter} page={filters.page} onPage={(page) => change({ page })} />
      ) : (
        <Endless filter={filter} />
      )}
    </Page>
  );
}

function Endless({ filter }: { filter: PlaybackFilter }) {
  const { items, complete, problem, loadMore } = useEndless(filter);
  const total = useCount(filter, items.length);
  return (
    <>
      <Total total={complete ? items.length : total} />
      {problem && <p role="alert">{problem}</p>}
      {complete && items.length === 0 && <Nothing />}
      <PlaybackGrid items={items} onEnd={loadMore} />
    </>
  );
}

function Numbered({
  filter,
  page,
  onPage,
}: {
  filter: PlaybackFilter;
  page: number;
  onPage: (page: number) => void;
}) {
  const { items, total, totalPages, problem } = useNumbered(filter, page);
  return (
    <>
      <Total total={total} />
      {problem && <p role="alert">{problem}</p>}
      {total === 0 && <Nothing />}
      <PlaybackGrid items={items} />
      <Pager page={page} totalPages={totalPages} onPage={onPage} />
    </>
  );
}

function Total({ total }: { total: number | undefined }) {
  const words = total === undefined ? '' : total === 1 ? '1 playback' : `${total.toLocaleString()} playbacks`;
  return (
    <p className="quiet" role="status">
      {words}
    </p>
  );
}

const Nothing = () => (
  <Empty title="Nothing was recorded">No playback matches. New ones appear here by themselves.</Empty>
);

/** All that match, also those not loaded yet. Counting costs the server: it is done once per filter. */
function useCount(filter: PlaybackFilter, loaded: number): number | undefined {
  const [count, setCount] = useState<number>();
  useEffect(() => {
    let overtaken = false;
    setCount(undefined);
    query(PlaybackCountDocument, { filter }).then(
      ({ playbackConnection }) => !overtaken && setCount(playbackConnection.totalCount),
      () => {},
    );
    return () => {
      overtaken = true;
    };
  }, [filter]);
  return count === undefined ? undefined : Math.max(count, loaded);
}
