// The schema must not change in a way that breaks clients. It is compared with its last committed version.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { buildSchema, findBreakingChanges, type GraphQLSchema } from 'graphql';
import { expect, test } from 'vitest';
import { printedSchema } from '../../src/graphql/print.ts';

const git = (...args: string[]) =>
  spawnSync('git', args, { cwd: path.resolve(import.meta.dirname, '../..'), encoding: 'utf8' });
const committed = git('log', '--format=%H', '-2', '--', 'schema.graphql').stdout?.trim().split('\n') ?? [];
const inGit = Boolean(committed[0]);

/** The previous version: the last committed one, or the one before that if the present version is committed. */
function versionBefore(present: string): string {
  const [last, before] = committed.map((commit) => git('show', `${commit}:schema.graphql`).stdout);
  return last === present ? (before ?? last) : last!;
}

const breaks = (before: GraphQLSchema, after: GraphQLSchema) =>
  findBreakingChanges(before, after).map(({ description }) => description);

test.skipIf(!inGit)('nothing that clients use was removed since the last committed schema', () => {
  const present = printedSchema();
  expect(breaks(buildSchema(versionBefore(present)), buildSchema(present))).toEqual([]);
});

test('a removed field, a removed enum value and a newly required argument are breaking changes', () => {
  const schemaOf = (camera: string, states: string) =>
    buildSchema(`type Query { camera${camera}: Int, state: State } enum State { ${states} }`);
  expect(breaks(schemaOf('(id: ID)', 'LIVE IDLE'), schemaOf('(id: ID!)', 'LIVE'))).toHaveLength(2);
  const without = buildSchema('type Query { state: State } enum State { LIVE }');
  expect(breaks(schemaOf('(id: ID)', 'LIVE'), without)).toContain('Query.camera was removed.');
});
