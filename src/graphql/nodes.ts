import { allNodes, type NodeReport } from '../db/nodes.ts';
import { demand } from '../domain/caller.ts';
import { builder } from './builder.ts';
import { NodeState } from './enums.ts';

/** The servers of this database. */

const Node = builder.objectRef<NodeReport>('ServerNode').implement({
  description: 'A server of this database. All times are by the database’s clock.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'NODE_ID, or the id in its DATA_DIR.' }),
    url: t.expose('url', {
      type: 'URL',
      nullable: true,
      description: 'Where other servers reach it (NODE_URL); null if it works alone.',
    }),
    site: t.exposeString('site', {
      description: 'Where it is (SITE): it reads the cameras of this site, and those of none.',
    }),
    version: t.exposeString('version', { description: 'The version of Flashback that it runs.' }),
    state: t.expose('state', { type: NodeState, description: 'Whether it is there.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it was started last.' }),
    heartbeatAt: t.expose('heartbeatAt', { type: 'DateTime', description: 'Its newest heartbeat.' }),
    cameras: t.exposeInt('cameras', { description: 'How many cameras that are switched on are its own.' }),
    recordings: t.exposeInt('recordings', {
      description: 'How many of its playbacks are PENDING or RECORDING.',
    }),
    problem: t.exposeString('problem', {
      nullable: true,
      description:
        'Why it takes no recording now, as part of a sentence; null: it takes some. Its cameras go to other servers of their site.',
    }),
    capacity: t.exposeInt('capacity', { description: 'Its MAX_RECORDINGS.' }),
  }),
});

builder.queryFields((t) => ({
  nodes: t.field({
    type: [Node],
    description: 'The servers that have worked with this database, in the order of their ids. For ADMIN.',
    resolve: (_root, _args, { db, caller }) => {
      demand(caller, 'MANAGE');
      return allNodes(db);
    },
  }),
}));
