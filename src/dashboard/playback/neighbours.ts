import { useLocation } from 'wouter';
import { query } from '../api/client.ts';
import type { Playback } from '../api/entities.ts';
import { PlaybackNeighboursDocument } from '../gql/graphql.ts';
import { say, sayProblem } from '../parts/notice.tsx';
import { usePageKeys } from '../parts/page-keys.ts';
import { neighboursInList } from '../playbacks/last-list.ts';
import { t } from '../texts/text.ts';

export type Way = 'earlier' | 'later';

const keys: Readonly<Record<string, Way>> = { ArrowLeft: 'earlier', ArrowRight: 'later' };

/**
 * A function that opens the next earlier or later playback: in the list that the user saw last, or else among all
 * playbacks. The arrow keys do the same, except on an element that uses them itself.
 */
export function useNeighbours(playback: Playback | undefined): (way: Way) => void {
  const [, navigate] = useLocation();
  const go = async (way: Way) => {
    if (!playback) return;
    try {
      const id = neighboursInList(playback.id)[way] ?? (await askForNeighbour(playback, way));
      // Replaces the entry of the history, so that going back leads to the list, however many playbacks were opened.
      if (id) navigate(`/playbacks/${id}`, { replace: true });
      else say(t(way === 'later' ? 'playback.noLater' : 'playback.noEarlier'));
    } catch (error) {
      sayProblem(error);
    }
  };
  usePageKeys(({ key, shiftKey, target }) => {
    const way = shiftKey || (target as HTMLElement).closest('video') ? undefined : keys[key];
    return way && (() => void go(way));
  });
  return (way) => void go(way);
}

async function askForNeighbour({ startedAt }: Playback, way: Way): Promise<string | undefined> {
  const { earlier, later } = await query(PlaybackNeighboursDocument, {
    earlier: { startedBefore: startedAt },
    later: { startedAfter: startedAt },
  });
  return { earlier, later }[way].nodes[0]?.id;
}
