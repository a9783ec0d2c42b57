import { expect, test } from 'vitest';
import { ConfigError, readConfig } from '../src/config.ts';

/** The error with which the server refuses to start. */
function refusal(environment: Record<string, string>): string {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'accepted';
}

test('an empty environment gives the defaults that the README states', () => {
  expect(readConfig({ PATH: '/bin' })).toMatchObject({
    host: '127.0.0.1',
    port: 4000,
    databaseUrl: undefined,
    r2: undefined,
    maxRecordings: 200,
    drainSec: 2,
    nodeLostAfterHours: 24,
    spoolMinFreeBytes: 1024 ** 3,
    graphiql: undefined,
    logLevel: 'info',
    recordDir: expect.stringMatching(/\/data\/spool$/),
  });
});

test('push services are told whom to ask: PUSH_CONTACT, else PUBLIC_URL with https', () => {
  const contact = (set: Record<string, string>) => readConfig(set).pushContact;
  expect(contact({})).toBeUndefined();
  expect(contact({ PUBLIC_URL: 'http://10.0.0.5' })).toBeUndefined();
  expect(contact({ PUBLIC_URL: 'https://cams.example.org/' })).toBe('https://cams.example.org');
  expect(contact({ PUBLIC_URL: 'https://x', PUSH_CONTACT: 'mailto:a@example.org' })).toBe(
    'mailto:a@example.org',
  );
  expect(refusal({ PUSH_CONTACT: 'a@example.org' })).toContain('PUSH_CONTACT: expected mailto:name@host');
  expect(readConfig({}).privatePushServices).toBe(false);
});

test('an empty variable counts as not set', () => {
  expect(readConfig({ PORT: '', DATABASE_URL: '' })).toMatchObject({ port: 4000, databaseUrl: undefined });
});

test('all errors are reported at once, each with the variable’s name and what was expected', () => {
  const text = refusal({
    PORT: 'http',
    LOG_LEVEL: 'loud',
    MAX_RECORDINGS: '0',
    DATABASE_URL: 'mysql://x',
    URL_TTL_SEC: '-1',
  });
  for (const name of ['PORT', 'LOG_LEVEL', 'MAX_RECORDINGS', 'DATABASE_URL', 'URL_TTL_SEC'])
    expect(text).toContain(`${name}:`);
  expect(text).toContain('expected a whole number from 0 to 65535, got "http"');
});

test('a bucket needs all of its variables, and secrets are not echoed', () => {
  const text = refusal({ R2_ENDPOINT: 'http://127.0.0.1:9', R2_SECRET_ACCESS_KEY: 'geheim' });
  expect(text).toContain('R2_BUCKET: not set');
  expect(text).toContain('R2_ACCESS_KEY_ID: not set');
  expect(text).not.toContain('geheim');
  expect(refusal({ DATABASE_URL: 'mysql://user:geheim@host/db' })).not.toContain('geheim');
});

test('a spool whose path is too long for its rows is refused', () => {
  expect(refusal({ RECORD_DIR: `/${'x'.repeat(500)}` })).toContain('at most 460 characters');
});

test('an R2_ENDPOINT with a path is refused, like the one that R2’s page shows', () => {
  const r2 = { R2_BUCKET: 'clips', R2_ACCESS_KEY_ID: 'id', R2_SECRET_ACCESS_KEY: 'secret' };
  const endpoint = 'https://account.r2.cloudflarestorage.com';
  expect(readConfig({ ...r2, R2_ENDPOINT: `${endpoint}/` }).r2).toMatchObject({ endpoint, bucket: 'clips' });
  expect(refusal({ ...r2, R2_ENDPOINT: `${endpoint}/clips` })).toContain(
    'R2_ENDPOINT: expected the address alone, without a path; the name of the bucket belongs into R2_BUCKET',
  );
  expect(refusal({ ...r2, R2_ENDPOINT: endpoint, R2_BUCKET: 'clips/yard' })).toContain(
    'R2_BUCKET: expected the name of a bucket, without a path',
  );
  const withPassword = refusal({ ...r2, R2_ENDPOINT: 'https://me:geheim@host' });
  expect(withPassword).toContain('R2_ENDPOINT: expected an address without');
  expect(withPassword).not.toContain('geheim');
  for (const name of ['PUBLIC_URL', 'R2_PUBLIC_URL']) {
    expect(refusal({ [name]: 'https://example.org/clips?x=1' })).toContain(
      `${name}: expected an address without`,
    );
  }
});

test('NODE_URL needs what servers that work together share', () => {
  const text = refusal({ NODE_URL: 'http://10.0.0.5:4000', SECRET_KEY: `${'A'.repeat(43)}=` });
  expect(text).toContain(
    'DATABASE_URL: not set, but NODE_URL is; servers that work together have the same DATABASE_URL.',
  );
  expect(text).toContain('R2_ENDPOINT: not set, but NODE_URL is');
  expect(text).not.toContain('SECRET_KEY');
});

test('a server that works with others takes longer to end, because it hands its work over', () => {
  const shared = {
    ...{ NODE_URL: 'http://10.0.0.5:4000', SECRET_KEY: `${'A'.repeat(43)}=` },
    ...{ DATABASE_URL: 'postgresql://db/flashback', R2_ENDPOINT: 'http://127.0.0.1:9', R2_BUCKET: 'clips' },
    ...{ R2_ACCESS_KEY_ID: 'id', R2_SECRET_ACCESS_KEY: 'secret' },
  };
  expect(readConfig(shared)).toMatchObject({ drainSec: 30 });
  expect(readConfig({ ...shared, DRAIN_SEC: '5' })).toMatchObject({ drainSec: 5 });
});
