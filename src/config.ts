import path from 'node:path';
import proxyAddr from 'proxy-addr';
import { z } from 'zod';
import { defaultSite, isSite } from './domain/site.ts';

/**
 * The environment as one frozen, typed object: every variable, every default. Only this file reads the
 * environment. One error lists all wrong variables, each with its name and what was expected.
 */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** Base of links to this server, without a trailing slash; undefined: http://host:port as it listens. */
  readonly publicUrl: string | undefined;
  readonly dataDir: string;
  /** The folder of the spool, with one folder for each playback that is not COMPLETED yet. */
  readonly recordDir: string;
  /** The id of this server in its database; undefined: the one in dataDir. */
  readonly nodeId: string | undefined;
  /** Where other nodes reach this one; undefined: this node works alone with its database. */
  readonly nodeUrl: string | undefined;
  /** The place whose cameras this node can reach, beside those of no site. */
  readonly site: string;
  /** undefined: the embedded PostgreSQL, whose files are in dataDir. */
  readonly databaseUrl: string | undefined;
  /**
   * Keys of the encryption of cameras' addresses: the first encrypts, all decrypt. undefined: those of a file in
   * dataDir.
   */
  readonly secretKeys: readonly string[] | undefined;
  /** undefined: the local store under dataDir. */
  readonly r2: R2Config | undefined;
  /** How long signed links are valid, in seconds: links to the bucket and to this server. */
  readonly urlTtlSec: number;
  /** undefined: ffmpeg is found on its own. */
  readonly ffmpegPath: string | undefined;
  readonly maxRecordings: number;
  /** The most bytes in the ring of one camera. */
  readonly ringMaxBytes: number;
  /** The most bytes in all rings together. */
  readonly ringsMaxBytes: number;
  /** A recording ends if its camera has sent nothing for this long. */
  readonly cameraLostSec: number;
  /** After so many hours, footage that is on the disk of a lost node alone counts as lost. */
  readonly nodeLostAfterHours: number;
  /** How long the server still answers after SIGTERM, without being ready, before it closes. */
  readonly drainSec: number;
  readonly spoolMaxBytes: number | undefined;
  readonly spoolMinFreeBytes: number;
  /** Completed playbacks older than this are deleted; undefined: none is. */
  readonly retentionDays: number | undefined;
  readonly allowedOrigins: readonly string[];
  /** Keys from the environment; more can be made at run time. */
  readonly apiKeys: readonly ApiKeyConfig[];
  /** undefined: no tokens of an OpenID provider are taken. */
  readonly oidc: OidcConfig | undefined;
  /** Addresses and subnets of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Whether GraphiQL is served; undefined: as long as there are no keys. */
  readonly graphiql: boolean | undefined;
  readonly introspection: boolean;
  /** The limit of all uploads to the bucket together; undefined: no limit. */
  readonly uploadMaxBitsPerSec: number | undefined;
  /** With a bucket: how many seconds of a recording may be on this machine alone; 0: only whole parts are copied. */
  readonly offsiteEverySec: number;
  /** createEvent calls that each key may make in a minute. */
  readonly eventsPerMinute: number;
  /** WebSockets and SSE streams that each key may have open. */
  readonly socketsPerKey: number;
  /**
   * The age in days at which transitions of finished playbacks are deleted, except each playback's last; undefined:
   * never.
   */
  readonly transitionDays: number | undefined;
  /** Whether cameras may be at addresses of this machine and of private networks. */
  readonly privateCameras: boolean;
  /** Where operators of push services reach the operator of this installation; undefined: nowhere. */
  readonly pushContact: string | undefined;
  /** Whether push messages may be sent over http, and to addresses of this machine and of private networks. */
  readonly privatePushServices: boolean;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

export interface R2Config {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  /** Public base of object links; undefined: presigned links. */
  readonly publicUrl?: string;
  /** Life of presigned links, in seconds. */
  readonly urlTtlSec: number;
}

export interface ApiKeyConfig {
  readonly name: string;
  readonly role: 'VIEWER' | 'ANALYTICS' | 'OPERATOR' | 'ADMIN';
  readonly secret: string;
}

export interface OidcConfig {
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience: string;
  /** The claim with the role. Dots separate the names of nested objects. */
  readonly roleClaim: string;
}

export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(`The configuration is not usable:\n${problems.map((p) => `  ${p}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

const whole = (low: number, high: number, unit = '') => {
  const expected = `expected a whole number from ${low} to ${high}${unit}`;
  return z
    .string()
    .regex(/^\d+$/, expected)
    .transform(Number)
    .refine((n) => n >= low && n <= high, expected);
};
const httpUrl = z
  .string()
  .refine(
    (s) => URL.canParse(s) && /^https?:$/.test(new URL(s).protocol),
    'expected an address like https://example.org',
  )
  .transform((s) => s.replace(/\/+$/, ''));
/** An address that paths are appended to. */
const baseUrl = httpUrl.refine((s) => !/[?#@]/.test(s), 'expected an address without "?", "#" and "@"');
const bucketEndpoint = baseUrl.refine(
  (s) => new URL(s).pathname === '/',
  'expected the address alone, without a path; the name of the bucket belongs into R2_BUCKET',
);
const text = (expected: string) => z.string().min(1, expected);

const yesOrNo = z.enum(['true', 'false'], 'expected true or false').transform((s) => s === 'true');
const list = (s: string) =>
  s
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
const areAddresses = (addresses: string[]) => {
  try {
    proxyAddr.compile(addresses);
    return true;
  } catch {
    // One of the texts is neither an address nor a subnet.
    return false;
  }
};
const apiKey = /^([\w .-]{1,100}):(viewer|analytics|operator|admin):(.{16,})$/i;

const variables = z.object({
  HOST: text('expected a host name or an IP address').default('127.0.0.1'),
  PORT: whole(0, 65535).default(4000),
  PUBLIC_URL: baseUrl.optional(),
  DATA_DIR: text('expected a folder').default('./data'),
  RECORD_DIR: text('expected a folder').optional(),
  NODE_URL: baseUrl.optional(),
  NODE_ID: z
    .string()
    .regex(/^[\w.-]{1,100}$/, 'expected up to 100 letters, digits, "_", "." and "-"')
    .optional(),
  SITE: z
    .string()
    .refine(isSite, 'expected the name of a site: up to 100 characters, without spaces at its ends')
    .default(defaultSite),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'expected an address like postgresql://user:password@host:5432/database')
    .optional(),
  SECRET_KEY: z
    .string()
    .transform(list)
    .refine(
      (keys) => keys.length > 0 && keys.every((key) => /^[\w+/-]{43}=?$/.test(key)),
      'expected 32 random bytes as base64 (openssl rand -base64 32), and after a comma those used before',
    )
    .optional(),
  R2_ENDPOINT: bucketEndpoint.optional(),
  R2_BUCKET: z
    .string()
    .regex(/^[\w.-]+$/, 'expected the name of a bucket, without a path')
    .optional(),
  R2_ACCESS_KEY_ID: text('expected an access key').optional(),
  R2_SECRET_ACCESS_KEY: text('expected a secret key').optional(),
  R2_REGION: text('expected a region').default('auto'),
  R2_PUBLIC_URL: baseUrl.optional(),
  URL_TTL_SEC: whole(1, 604_800, ' seconds (seven days is the longest that S3 allows)').default(3600),
  OFFSITE_EVERY_SEC: whole(0, 3_600, ' seconds').default(10),
  UPLOAD_MAX_BITS_PER_SEC: whole(100_000, Number.MAX_SAFE_INTEGER, ' bits per second').optional(),
  FFMPEG_PATH: text('expected the path of an ffmpeg').optional(),
  // A ring of 60 s at 8 Mbit/s.
  RING_MAX_BYTES: whole(1, Number.MAX_SAFE_INTEGER, ' bytes').default(64 * 1024 ** 2),
  RINGS_MAX_BYTES: whole(1, Number.MAX_SAFE_INTEGER, ' bytes').default(2 * 1024 ** 3),
  CAMERA_LOST_SEC: whole(1, 86_400, ' seconds').default(60),
  DRAIN_SEC: whole(0, 600, ' seconds').optional(),
  NODE_LOST_AFTER: whole(1, 8_760, ' hours').default(24),
  MAX_RECORDINGS: whole(1, 100_000).default(200),
  SPOOL_MAX_BYTES: whole(1, Number.MAX_SAFE_INTEGER, ' bytes').optional(),
  SPOOL_MIN_FREE_BYTES: whole(0, Number.MAX_SAFE_INTEGER, ' bytes').default(1024 ** 3),
  RETENTION_DAYS: whole(1, 36_500, ' days').optional(),
  ALLOWED_ORIGINS: z
    .string()
    .transform(list)
    .refine(
      (origins) => origins.every((o) => URL.canParse(o) && new URL(o).origin === o),
      'expected origins like https://example.org, separated by commas',
    )
    .default([]),
  TRUSTED_PROXIES: z
    .string()
    .transform(list)
    .refine(areAddresses, 'expected IP addresses, subnets like 10.0.0.0/8 or loopback, separated by commas')
    .default([]),
  API_KEYS: z
    .string()
    .transform(list)
    .refine(
      (keys) => keys.every((key) => apiKey.test(key)),
      'expected name:role:secret, separated by commas, with the role viewer, analytics, operator or admin ' +
        'and a secret of at least 16 characters',
    )
    .default([]),
  OIDC_JWKS_URL: httpUrl.optional(),
  OIDC_ISSUER: text('expected the issuer as it stands in tokens').optional(),
  OIDC_AUDIENCE: text('expected the audience as it stands in tokens').optional(),
  OIDC_ROLE_CLAIM: text('expected the name of a claim').default('role'),
  GRAPHIQL: yesOrNo.optional(),
  INTROSPECTION: yesOrNo.default(true),
  EVENTS_PER_MINUTE: whole(1, 10_000_000).default(6_000),
  SOCKETS_PER_KEY: whole(1, 1_000_000).default(1_000),
  TRANSITION_DAYS: whole(1, 36_500, ' days').optional(),
  PRIVATE_CAMERAS: yesOrNo.default(true),
  PUSH_CONTACT: z
    .string()
    .regex(/^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/, 'expected mailto:name@host or an address with https')
    .optional(),
  PRIVATE_PUSH_SERVICES: yesOrNo.default(false),
  NODE_ENV: z.string().default('development'),
  LOG_LEVEL: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'], 'expected debug, info, warn, error or silent')
    .default('info'),
});
type Variables = z.output<typeof variables>;

/** The longest RECORD_DIR. A playback's folder is below it, and its row has 500 characters for the whole path. */
const longestRecordDir = 460;

/**
 * Reads the environment. An empty variable counts as not set.
 * @throws ConfigError naming every variable that is wrong
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = variables.safeParse(set);
  const problems =
    parsed.error?.issues.map(
      (issue) => `${String(issue.path[0])}: ${issue.message}, got "${shown(issue.path[0], set)}".`,
    ) ?? [];
  problems.push(...missingOf(r2Names, set), ...missingOf(oidcNames, set), ...missingBeside(set));
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const v = parsed.data;
  const dataDir = path.resolve(v.DATA_DIR);
  const recordDir = v.RECORD_DIR ? path.resolve(v.RECORD_DIR) : path.join(dataDir, 'spool');
  if (recordDir.length > longestRecordDir) {
    throw new ConfigError([
      `RECORD_DIR: expected a path of at most ${longestRecordDir} characters, got "${recordDir}".`,
    ]);
  }
  return Object.freeze({
    host: v.HOST,
    port: v.PORT,
    publicUrl: v.PUBLIC_URL,
    dataDir,
    recordDir,
    nodeId: v.NODE_ID,
    nodeUrl: v.NODE_URL,
    site: v.SITE,
    databaseUrl: v.DATABASE_URL,
    secretKeys: v.SECRET_KEY,
    r2: r2Config(v),
    urlTtlSec: v.URL_TTL_SEC,
    offsiteEverySec: v.OFFSITE_EVERY_SEC,
    uploadMaxBitsPerSec: v.UPLOAD_MAX_BITS_PER_SEC,
    ffmpegPath: v.FFMPEG_PATH,
    maxRecordings: v.MAX_RECORDINGS,
    ringMaxBytes: v.RING_MAX_BYTES,
    ringsMaxBytes: v.RINGS_MAX_BYTES,
    cameraLostSec: v.CAMERA_LOST_SEC,
    nodeLostAfterHours: v.NODE_LOST_AFTER,
    drainSec: v.DRAIN_SEC ?? (v.NODE_URL === undefined ? 2 : 30),
    spoolMaxBytes: v.SPOOL_MAX_BYTES,
    spoolMinFreeBytes: v.SPOOL_MIN_FREE_BYTES,
    retentionDays: v.RETENTION_DAYS,
    allowedOrigins: v.ALLOWED_ORIGINS,
    apiKeys: v.API_KEYS.map(readApiKey),
    oidc: oidcConfig(v),
    trustedProxies: v.TRUSTED_PROXIES,
    graphiql: v.GRAPHIQL ?? (v.NODE_ENV === 'production' ? false : undefined),
    introspection: v.INTROSPECTION,
    eventsPerMinute: v.EVENTS_PER_MINUTE,
    socketsPerKey: v.SOCKETS_PER_KEY,
    transitionDays: v.TRANSITION_DAYS,
    privateCameras: v.PRIVATE_CAMERAS,
    pushContact: v.PUSH_CONTACT ?? (v.PUBLIC_URL?.startsWith('https:') ? v.PUBLIC_URL : undefined),
    privatePushServices: v.PRIVATE_PUSH_SERVICES,
    logLevel: v.LOG_LEVEL,
  });
}

const r2Names = ['R2_ENDPOINT', 'R2_BUCKET', 'R2_ACCESS_KEY_ID', 'R2_SECRET_ACCESS_KEY'] as const;
const oidcNames = ['OIDC_JWKS_URL', 'OIDC_ISSUER', 'OIDC_AUDIENCE'] as const;

/**
 * Some variables make sense only together.
 * @returns a problem for each one that is missing from a group that is partly set
 */
function missingOf(names: readonly string[], set: Record<string, unknown>): string[] {
  const missing = names.filter((name) => !(name in set));
  if (missing.length === 0 || missing.length === names.length) return [];
  return missing.map(
    (name) => `${name}: not set, but others that belong to it are; set all of ${names.join(', ')} or none.`,
  );
}

/** Several servers share a database, a bucket and the secret key. */
const sharedNames = ['DATABASE_URL', 'R2_ENDPOINT', 'SECRET_KEY'] as const;

function missingBeside(set: Record<string, unknown>): string[] {
  if (!('NODE_URL' in set)) return [];
  return sharedNames
    .filter((name) => !(name in set))
    .map((name) => `${name}: not set, but NODE_URL is; servers that work together have the same ${name}.`);
}

function readApiKey(key: string): ApiKeyConfig {
  const [, name, role, secret] = apiKey.exec(key)!;
  return { name: name!, role: role!.toUpperCase() as ApiKeyConfig['role'], secret: secret! };
}

function oidcConfig(v: Variables): OidcConfig | undefined {
  if (!v.OIDC_JWKS_URL || !v.OIDC_ISSUER || !v.OIDC_AUDIENCE) return undefined;
  return {
    jwksUrl: v.OIDC_JWKS_URL,
    issuer: v.OIDC_ISSUER,
    audience: v.OIDC_AUDIENCE,
    roleClaim: v.OIDC_ROLE_CLAIM,
  };
}

function r2Config(v: Variables): R2Config | undefined {
  if (!v.R2_ENDPOINT || !v.R2_BUCKET || !v.R2_ACCESS_KEY_ID || !v.R2_SECRET_ACCESS_KEY) return undefined;
  return Object.freeze({
    endpoint: v.R2_ENDPOINT,
    bucket: v.R2_BUCKET,
    accessKeyId: v.R2_ACCESS_KEY_ID,
    secretAccessKey: v.R2_SECRET_ACCESS_KEY,
    region: v.R2_REGION,
    ...(v.R2_PUBLIC_URL && { publicUrl: v.R2_PUBLIC_URL }),
    urlTtlSec: v.URL_TTL_SEC,
  });
}

const secretNames = new Set([
  'SECRET_KEY',
  'R2_SECRET_ACCESS_KEY',
  'R2_ACCESS_KEY_ID',
  'DATABASE_URL',
  'API_KEYS',
]);

/** The value of a variable for an error message; secrets are hidden. */
function shown(name: PropertyKey | undefined, set: Record<string, string | undefined>): string {
  const value = set[String(name)] ?? '';
  return secretNames.has(String(name)) ? '(hidden)' : value.replace(/\/\/[^/]*@/, '//…@');
}
