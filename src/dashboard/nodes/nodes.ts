import { useEffect } from 'react';
import { query } from '../api/client.ts';
import { observable, useObservable } from '../api/observable.ts';
import { NodesDocument, type NodesQuery } from '../gql/graphql.ts';

export type ServerNode = NodesQuery['nodes'][number];

/** The servers of the database; empty until they are read, and for users who may not see them. */
const nodes = observable<readonly ServerNode[]>([]);

/** Reads the servers now, and again and again. @param isWanted whether the user may see them */
export function useNodes(isWanted: boolean, everyMs: number): readonly ServerNode[] {
  useEffect(() => {
    if (!isWanted) return nodes.set([]);
    const read = () =>
      query(NodesDocument, {}).then(
        ({ nodes: read }) => nodes.set(read),
        () => {}, // the badge of the connection says so; the last ones stay
      );
    void read();
    const timer = setInterval(read, everyMs);
    return () => clearInterval(timer);
  }, [isWanted, everyMs]);
  return useObservable(nodes);
}
