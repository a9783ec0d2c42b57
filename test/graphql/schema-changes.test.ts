// A change of the schema that breaks clients must not slip in: the schema is held against its last committed version.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { buildSchema, findBreakingChanges, type GraphQLSchema } from 'graphql';
import { expect, test } from 'vitest';
import { printedSchema } from '../../src/graphql/print.ts';

const git = (...args: string[]) =>
  spawnSync('git', args, { cwd: path.resolve(import.meta.dirname, '../..'), encoding: 'utf8' });
const committed = git('log', '--format=%H', '-2', '--', 'schema.graphql').stdout?.trim().split('\n') ?? [];
const inGit = Boolean(committed[0]);

/** The version before the present one: the last committed, or where the present one is committed, that before it. */
function versionBefore(present: string): string {
  const [last, before] = committed.map((commit) => git('show', `${commit}:schema.graphql`).stdout);
  return last === present ? (before ?? last) : last!;
}

const breaks = (before: GraphQLSchema, after: GraphQLSchema) =>
  findBreakingChanges(before, after).map(({ description }) => description);

test.skipIf(!inGit)('nothing that clients use is gone since the last committed schema', () => {
  const present = printedSchema();
  expect(breaks(buildSchema(versionBefore(present)), buildSchema(present))).toEqual([]);
});

test('a field that goes, an argument that becomes required and an enum value that goes are breaks', () => {
  const schemaOf = (camera: string, states: string) =>
    buildSchema(`type Query { camera${camera}: Int, state: State } enum State { ${states} }`);
  expect(breaks(schemaOf('(id: ID)', 'LIVE IDLE'), schemaOf('(id: ID!)', 'LIVE'))).toHaveLength(2);
  const without = buildSchema('type Query { state: State } enum State { LIVE }');
  expect(breaks(schemaOf('(id: ID)', 'LIVE'), without)).toContain('Query.camera was removed.');
});
