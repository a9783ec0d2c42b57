import { useEffect, useState } from 'react';
import { query } from '../api/client.ts';
import { freshness } from '../api/live.ts';
import { useObservable } from '../api/observable.ts';
import { tellTabs } from '../api/tabs.ts';
import { PlaybackDetailsDocument, type PlaybackDetailsQuery } from '../gql/graphql.ts';

export type Details = NonNullable<PlaybackDetailsQuery['playback']>;

/** Asks for all that is known of a playback; with it come new links, where the old ones have run out. */
export const askForDetails = async (id: string): Promise<Details | null | undefined> =>
  (await query(PlaybackDetailsDocument, { id })).playback;

/** What the list does not know, asked for again whenever the playback has changed. */
export function useDetails(id: string, updatedAt: string | undefined) {
  const fresh = useObservable(freshness);
  const [details, setDetails] = useState<Details>();
  const [missing, setMissing] = useState(false);
  const [problem, setProblem] = useState<string>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: asks again whenever it has changed or may have
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
      (error: Error) => !overtaken && setProblem(error.message),
    );
    return () => {
      overtaken = true;
    };
  }, [id, updatedAt, fresh]);
  return { details, missing, problem };
}
