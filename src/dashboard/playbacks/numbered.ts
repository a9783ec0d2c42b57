import { useEffect, useMemo, useState } from 'react';
import { query } from '../api/client.ts';
import { type Playback, playbacks } from '../api/entities.ts';
import { freshness } from '../api/live.ts';
import { useObservable } from '../api/observable.ts';
import { type PlaybackFilter, PlaybacksByNumberDocument } from '../gql/graphql.ts';
import { matches } from './filters.ts';

export interface NumberedList {
  readonly items: readonly Playback[];
  /** How many playbacks have arrived since the page was loaded. */
  readonly newCount: number;
  readonly showNew: () => void;
  readonly totalPages: number;
  readonly total: number | undefined;
  /** Why the page cannot be loaded. */
  readonly problem: unknown;
}

export const numberedPageSize = 40;

interface Answer {
  readonly ids: readonly string[];
  readonly total: number;
  readonly totalPages: number;
  /** The newest `createdAt` that was known when the page was loaded. */
  readonly knownUntil: string;
}

/** One numbered page. New playbacks would shift it, so they are only counted, and shown when the user asks for them. */
export function useNumbered(filter: PlaybackFilter, page: number): NumberedList {
  const all = useObservable(playbacks);
  const fresh = useObservable(freshness);
  const [answer, setAnswer] = useState<Answer>();
  const [problem, setProblem] = useState<unknown>();
  const [asked, setAsked] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: queries again whenever a push may have been missed
  useEffect(() => {
    let overtaken = false;
    query(PlaybacksByNumberDocument, { filter, page, pageSize: numberedPageSize }).then(
      ({ playbacks: { items, total, totalPages } }) => {
        if (overtaken) return;
        setAnswer({
          ids: items.map(({ id }) => id),
          total,
          totalPages,
          knownUntil: newestOf(playbacks.get()),
        });
        setProblem(undefined);
      },
      (error: unknown) => !overtaken && setProblem(error),
    );
    return () => {
      overtaken = true;
    };
  }, [filter, page, fresh, asked]);
  const newCount = useMemo(
    () =>
      answer && !filter.search
        ? [...all.values()].filter((it) => it.createdAt > answer.knownUntil && matches(filter, it)).length
        : 0,
    [all, answer, filter],
  );
  const items = (answer?.ids ?? []).map((id) => all.get(id)).filter((it) => it !== undefined);
  const showNew = () => setAsked((before) => before + 1);
  return { items, newCount, showNew, totalPages: answer?.totalPages ?? 1, total: answer?.total, problem };
}

const newestOf = (known: ReadonlyMap<string, Playback>): string =>
  [...known.values()].reduce((newest, { createdAt }) => (createdAt > newest ? createdAt : newest), '');
