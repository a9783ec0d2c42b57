import { useEffect, useState } from 'react';
import { query } from '../api/client.ts';
import { freshness } from '../api/live.ts';
import { useObservable } from '../api/observable.ts';
import { tellTabs } from '../api/tabs.ts';
import { PlaybackDetailsDocument, type PlaybackDetailsQuery } from '../gql/graphql.ts';

export type Details = NonNullable<PlaybackDetailsQuery['playback']>;

/** Queries all data of a playback. The answer contains new links, too, in case the old ones have expired. */
export const askForDetails = async (id: string): Promise<Details | null | undefined> =>
  (await query(PlaybackDetailsDocument, { id })).playback;

/** The data that the list does not have. It is queried again whenever the playback has changed. */
export function useDetails(id: string, updatedAt: string | undefined) {
  const fresh = useObservable(freshness);
  const [details, setDetails] = useState<Details>();
  const [missing, setMissing] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: queries again whenever the playback has or may have changed
  useEffect(() => {
    let overtaken = false;
    askForDetails(id).then(
      (answer) => {
        if (overtaken) return;
        setProblem(undefined);
        setMissing(!answer);
        if (answer) setDetails(answer);
        else tellTabs({ deletedPlayback: id });
      },
      (error: unknown) => !overtaken && setProblem(error),
    );
    return () => {
      overtaken = true;
    };
  }, [id, updatedAt, fresh]);
  return { details, missing, problem };
}
