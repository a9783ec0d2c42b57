import { Gauge, type Registry } from 'prom-client';
import type { Db } from '../db/client.ts';
import { allNodes, type NodeReport } from '../db/nodes.ts';

/** The nodes are read once for all metrics of a scrape. */
const readForMs = 1_000;

/** Metrics of all nodes of the database. Each node reports all of them: so one that is lost is missed by the others. */
export function nodeMetrics(registry: Registry, db: Db): void {
  let read: { at: number; nodes: Promise<NodeReport[]> } | undefined;
  const nodes = () => {
    if (!read || performance.now() - read.at > readForMs)
      read = { at: performance.now(), nodes: allNodes(db) };
    return read.nodes.catch((): NodeReport[] => []); // the database does not answer: the metrics are left out
  };
  const ofNodes = (
    name: string,
    help: string,
    value: (node: NodeReport) => number,
    labels: (node: NodeReport) => Record<string, string> = () => ({}),
  ) =>
    new Gauge({
      name,
      help,
      labelNames: ['node', 'site', 'version', 'state'],
      registers: [registry],
      async collect() {
        const all = await nodes();
        this.reset();
        for (const node of all) this.set({ node: node.id, ...labels(node) }, value(node));
      },
    });
  ofNodes(
    'flashback_node_state',
    'A server of this database: 1 at its present state.',
    () => 1,
    ({ site, version, state }) => ({ site, version, state }),
  );
  ofNodes(
    'flashback_node_ok',
    '1 where a server is there and takes recordings, 0 where not.',
    ({ state, problem }) => (state === 'LIVE' && problem === null ? 1 : 0),
  );
  ofNodes('flashback_node_cameras', 'Cameras that a server reads.', ({ cameras }) => cameras);
  ofNodes(
    'flashback_node_recordings',
    'Recordings that a server has begun and not ended.',
    (node) => node.recordings,
  );
  ofNodes(
    'flashback_node_capacity',
    'How many recordings a server takes (MAX_RECORDINGS).',
    (node) => node.capacity,
  );
}
