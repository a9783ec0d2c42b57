import { makeKey } from './access/keys.ts';
import { readArguments, runCommand, UsageError } from './command.ts';
import { readConfig } from './config.ts';
import type { Db } from './db/client.ts';
import { allKeys, revokeKey } from './db/keys.ts';
import { roleNamed, roles } from './domain/caller.ts';
import { withDatabase } from './with-database.ts';

/** `npm run key`: API keys from the command line, to make the first key, or a new one when all are lost. */

const usage = `Usage:
  npm run -s key -- create NAME ROLE [--camera ID]... [--days N]
  npm run -s key -- list
  npm run -s key -- revoke ID
ROLE is one of: ${roles.map((role) => role.toLowerCase()).join(', ')}.`;

async function main(): Promise<void> {
  const { positionals, values } = readArguments(usage, {
    allowPositionals: true,
    options: {
      camera: { type: 'string', multiple: true },
      days: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return console.log(usage);
  const [command, ...rest] = positionals;
  const run = { create, list, revoke }[command ?? ''];
  if (!run) throw new UsageError(usage);
  await withDatabase(readConfig(process.env), (db) => run(db, rest, values));
}

interface Options {
  readonly camera?: string[];
  readonly days?: string;
}

async function create(db: Db, [name, roleName]: string[], { camera, days }: Options): Promise<void> {
  const role = roleNamed(roleName);
  if (!name || name.length > 100 || !role) throw new UsageError(usage);
  if (camera && role === 'ADMIN')
    throw new UsageError('A key of the role admin cannot be limited to cameras.');
  if (days !== undefined && !/^[1-9]\d{0,4}$/.test(days))
    throw new UsageError(`--days: expected a number, got ${days}.`);
  for (const id of camera ?? []) await demandCamera(db, id);
  const expiresAt = days === undefined ? undefined : new Date(Date.now() + Number(days) * 86_400_000);
  const { key, secret } = await makeKey(db, { name, role, cameraIds: camera, expiresAt });
  console.error(`Key ${key.id} (${key.name}, ${key.role}). Its secret is shown this once:`);
  console.log(secret);
}

async function demandCamera(db: Db, id: string): Promise<void> {
  const cameras = await db.camera.findMany({ select: { id: true } });
  if (!cameras.some((camera) => camera.id === id))
    throw new UsageError(`There is no camera with the id "${id}".`);
}

async function list(db: Db): Promise<void> {
  for (const key of await allKeys(db)) {
    const state = key.revokedAt
      ? `revoked ${key.revokedAt.toISOString()}`
      : key.expiresAt
        ? `until ${key.expiresAt.toISOString()}`
        : 'valid';
    const cameras = key.limited ? `cameras ${key.cameraIds.join(' ')}` : 'all cameras';
    const used = key.lastUsedAt ? `last used ${key.lastUsedAt.toISOString()}` : 'never used';
    console.log([key.id, key.name, key.role, state, cameras, used].join('\t'));
  }
}

async function revoke(db: Db, [id]: string[]): Promise<void> {
  if (!id) throw new UsageError(usage);
  const known = (await allKeys(db)).some((key) => key.id === id);
  if (!known || !(await revokeKey(db, id, new Date())))
    throw new UsageError(`There is no key with the id "${id}".`);
  console.log(`Revoked ${id}.`);
}

await runCommand(main, 1);
