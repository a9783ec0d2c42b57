#!/usr/bin/env node
// Answers Prisma's CLI in the place of its native schema engine, which the CLI would download for every
// command, even `generate`. The WebAssembly build of the same engine comes from the npm registry; this
// file gives it the native one's manners: JSON-RPC, one message a line, over stdin and stdout, and the
// sub-commands `cli can-connect-to-database | create-database | drop-database`. It rides on internals of
// Prisma 7.10; test/db/migrations.test.ts tells whether it still fits after an upgrade.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import pg from 'pg';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: {
    version: { type: 'boolean', short: 'V' },
    datasource: { type: 'string' },
    datamodels: { type: 'string', multiple: true },
    'enabled-preview-features': { type: 'string' },
    'extension-types': { type: 'string' },
  },
});

/** The connection settings of a URL, one by one: pg would let a connection string win over `database`. */
function settingsOf(url) {
  const { host, port, user, password, database, ssl } = new pg.Client({ connectionString: url });
  return { host, port, user, password, database, ssl };
}

async function withClient(settings, work) {
  const client = new pg.Client(settings);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

// ---- the sub-commands ----------------------------------------------------------------------------

async function runSubCommand(command, settings) {
  const name = pg.escapeIdentifier(settings.database);
  const asAdministrator = { ...settings, database: 'postgres' };
  switch (command) {
    case 'can-connect-to-database':
      return withClient(settings, () => undefined);
    case 'create-database':
      return withClient(asAdministrator, (client) => client.query(`CREATE DATABASE ${name}`));
    case 'drop-database':
      return withClient(asAdministrator, (client) => client.query(`DROP DATABASE IF EXISTS ${name}`));
    default:
      throw new Error(`This schema engine has no command "${command}".`);
  }
}

/** The form in which the CLI reads an error from stderr, whose first line it skips. */
function reportSubCommandError(error) {
  const prismaCodes = { '3D000': 'P1003', '28P01': 'P1000' };
  const fields = {
    message: String(error.message || error.code || error),
    error_code: prismaCodes[error.code] ?? 'P1001',
  };
  const entry = {
    timestamp: new Date().toISOString(),
    level: 'ERROR',
    fields,
    target: 'schema_engine::logger',
  };
  process.stderr.write(`\n${JSON.stringify(entry)}\n`);
}

// ---- the driver ----------------------------------------------------------------------------------

const charOid = 18; // the catalogue type "char"
const bpcharOid = 1042;
const columnTypeCharacter = 6;

/**
 * Mends what @prisma/adapter-pg 7.10 lacks as a migration driver: it does not know the catalogue type
 * "char", and it runs scripts in pieces cut at every `;`, which breaks function bodies.
 */
function mend(adapter) {
  const performIO = adapter.performIO.bind(adapter);
  const queryRaw = adapter.queryRaw.bind(adapter);
  const charColumns = new WeakMap();

  adapter.performIO = async (query) => {
    const result = await performIO(query);
    const chars = (result.fields ?? []).filter((field) => field.dataTypeID === charOid);
    charColumns.set(
      query,
      chars.map((field) => result.fields.indexOf(field)),
    );
    for (const field of chars) field.dataTypeID = bpcharOid;
    return result;
  };
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    for (const column of charColumns.get(query)) result.columnTypes[column] = columnTypeCharacter;
    return result;
  };
  adapter.executeScript = async (script) => {
    await adapter.client.query(script).catch((error) => adapter.onError(error));
  };
  return adapter;
}

async function openDriver(settings) {
  const { PrismaPg } = await import('@prisma/adapter-pg');
  const { bindMigrationAwareSqlAdapterFactory } = await import('@prisma/driver-adapter-utils');
  // One connection: the parts of a script, its settings and its transaction belong together.
  const connect = async (database) => mend(await new PrismaPg({ ...settings, database, max: 1 }).connect());

  async function connectToShadowDb() {
    const database = `prisma_shadow_${crypto.randomUUID()}`;
    await withClient(settings, (client) => client.query(`CREATE DATABASE "${database}"`));
    const adapter = await connect(database);
    const dispose = adapter.dispose.bind(adapter);
    adapter.dispose = async () => {
      await dispose();
      await withClient(settings, (client) => client.query(`DROP DATABASE "${database}" WITH (FORCE)`));
    };
    return adapter;
  }

  const { provider, adapterName } = new PrismaPg(settings);
  return bindMigrationAwareSqlAdapterFactory({
    provider,
    adapterName,
    connect: () => connect(settings.database),
    connectToShadowDb,
  });
}

// ---- the engine ----------------------------------------------------------------------------------

/** Rejects once the engine has panicked: the call that met the panic never answers. */
const panicked = new Promise((_resolve, reject) => {
  const fail = (message) => reject(new Error(`The schema engine panicked: ${message}`));
  globalThis.PRISMA_WASM_PANIC_REGISTRY = { set_message: fail };
  process.on('uncaughtException', (error) => fail(error.message));
});
panicked.catch(() => undefined);

async function openEngine(driver) {
  const glue = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  // The package's own entry imports the .wasm file as a module, which Node 20 cannot.
  const gluePath = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const wasm = readFileSync(gluePath.replace(/\.js$/, '.wasm'));
  const imports = Object.fromEntries(Object.entries(glue).filter(([name]) => name.startsWith('__wb')));
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': imports });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();

  const datamodels = options.datamodels?.map((file) => [file, readFileSync(file, 'utf8')]);
  const ignoreLog = () => undefined;
  return glue.SchemaEngine.new({ datamodels }, ignoreLog, driver);
}

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

async function answer(engine, { id, method, params }) {
  try {
    const name = method === 'getDatabaseVersion' ? 'version' : method;
    if (typeof engine[name] !== 'function') throw new Error(`This schema engine cannot do "${method}".`);
    const result = await Promise.race([engine[name](params), panicked]);
    // The native engine has the CLI print a diff, and its result holds the exit code only.
    if (method === 'diff' && result?.stdout != null) {
      send({ id: `print-${id}`, method: 'print', params: { content: result.stdout } });
    }
    send({ id, result: result ?? null });
  } catch (error) {
    const data = {
      is_panic: false,
      message: String(error?.message ?? error),
      error_code: error?.code,
      meta: error?.meta,
    };
    send({ id, error: { code: 4466, message: 'An error happened. Check the data field.', data } });
  }
}

async function main() {
  if (options.version) {
    console.log('schema-engine-cli wasm');
    return;
  }
  const settings = settingsOf(JSON.parse(options.datasource ?? '{}').url);
  if (positionals[0] === 'cli') {
    try {
      await runSubCommand(positionals[1], settings);
    } catch (error) {
      reportSubCommandError(error);
      process.exitCode = 1;
    }
    return;
  }
  const engine = await openEngine(await openDriver(settings));
  for await (const line of createInterface({ input: process.stdin })) {
    const message = line.trim() === '' ? {} : JSON.parse(line);
    if (message.method) await answer(engine, message); // else the CLI's thanks for a "print"
  }
  process.exit(); // the pool's idle connection would hold the process for ten seconds
}

await main();
