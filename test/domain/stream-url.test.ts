// Stream addresses: parsing, error messages, and masked passwords.
import { describe, expect, test } from 'vitest';
import { joinAddress, splitAddress } from '../../src/dashboard/cameras/address.ts';
import { isMasked, maskStreamUrl, parseStreamUrl, scrubCredentials } from '../../src/domain/stream-url.ts';
import { createLog } from '../../src/log.ts';

describe('the parts of an address are found', () => {
  const none = { user: undefined, password: undefined };
  test.each([
    ['rtsp://camera', { scheme: 'rtsp', host: 'camera', port: 554, ...none, path: '' }],
    ['RTSPS://Camera:8555/A?b=c', { scheme: 'rtsps', host: 'camera', port: 8555, ...none, path: '/A?b=c' }],
    ['rtsps://camera/', { scheme: 'rtsps', host: 'camera', port: 322, ...none, path: '/' }],
    ['rtsp://10.0.0.7:/x', { scheme: 'rtsp', host: '10.0.0.7', port: 554, ...none, path: '/x' }],
    ['rtsp://[2001:DB8::7]:1?x', { scheme: 'rtsp', host: '2001:db8::7', port: 1, ...none, path: '?x' }],
    ['rtsp://kamera.häuser.de/tür', { host: 'kamera.xn--huser-gra.de', path: '/t%C3%BCr' }],
    ['rtsp://host/a%20b?c=%zz', { path: '/a%20b?c=%zz' }],
    ['rtsp://a:b@host/', { user: 'a', password: 'b' }],
    ['rtsp://a@host/', { user: 'a', password: '' }],
    ['rtsp://:@host/', { user: '', password: '' }],
    ['rtsp://@host/', { user: '', password: '' }],
    ['rtsp://:b@host/', { user: '', password: 'b' }],
    ['rtsp://a:b:c@d@host/', { user: 'a', password: 'b:c@d', host: 'host' }],
    [
      'rtsp://a:%2F%3F%23%40%3A%25%20%C2%A0%E2%80%A8@host/',
      { password: '/?#@:% \u00a0\u2028', host: 'host' },
    ],
    ['rtsp://LAN\\a:pä"\'ß&=+@host/', { user: 'LAN\\a', password: 'pä"\'ß&=+' }],
    [
      'rtsp://10.0.0.7/user=admin&password=geheim&channel=1',
      { path: '/user=admin&password=geheim&channel=1' },
    ],
  ])('%s', (address, parts) => {
    expect(parseStreamUrl(address)).toMatchObject(parts);
  });
});

describe('a malformed or ambiguous address is refused with a message that repeats no part of it', () => {
  test.each([
    ['rtsp://admin:geheim#34@host/x', 'write # as %23'],
    ['rtsp://admin#geheim@host/x', 'write # as %23'],
    ['rtsp://admin:12/geheim@host/x', 'write / as %2F'],
    ['rtsp://admin:12?geheim@host/x', '? as %3F'],
    ['rtsp://admin:geheim@12/34@host/x', 'write @ as %40'],
    ['rtsp://admin:geheim', 'no port'],
    ['rtsp://admin:geheim/x', 'no port'],
    ['rtsp://admin:geh%eim@host/', 'write % as %25'],
    ['rtsp://admin:geheim%E4@host/', 'write % as %25'],
    ['rtsp://admin:geheim@', 'no host'],
    ['rtsp://admin:geheim@host:0/', 'port'],
    ['rtsp://admin:geheim@host:65536/', 'port'],
    ['rtsp://admin:geheim@[::1/', 'no host'],
    ['rtsp://admin:geheim@[fe80::g]/', 'no host'],
    ['rtsp://admin:geheim@ho<st/', 'no host'],
    ['rtsp://admin:geheim@host\\x/', 'no host'],
    ['rtsp:///x', 'no host'],
    ['http://admin:geheim@host/', 'rtsp://'],
    ['/etc/passwd', 'rtsp://'],
    ['rt\u017fp://host/', 'rtsp://'],
    [`rtsp://host/${'x'.repeat(2000)}`, 'at most 2000'],
    ...[' ', '\t', '\n', '\u0000', '\u0085', '\u00a0', '\u3000', '\ufeff', '\u2002', '\u2028', '\ud800'].map(
      (sign): [string, string] => [`rtsp://admin:gehe${sign}im@host/`, 'white space'],
    ),
  ])('%j', (address, words) => {
    expect(() => parseStreamUrl(address)).toThrow(words);
    expect(() => parseStreamUrl(address)).not.toThrow(/geh/);
  });
});

/** Each contains the password "geheim". Earlier versions, which did not parse addresses, stored some of them. */
const secrets: [string, string][] = [
  ['rtsp://admin:geheim@host:554/a?b=c', 'rtsp://host:554/a?b=c'],
  ['RTSPS://geheim@host', 'RTSPS://host'],
  ...['\u00a0', '\u3000', '\ufeff', '\u2002', '\u2028', '"', "'", '@', '\\'].map((sign): [string, string] => [
    `rtsp://admin:${sign}geheim${sign}@host/x`,
    'rtsp://host/x',
  ]),
  ['rtsp://admin:12/geheim@host/x', 'rtsp://host/x'],
  ['rtsp://admin:12?geheim@host/x', 'rtsp://host/x'],
  ['rtsp://admin:12#geheim@host/x', 'rtsp://host/x'],
  ['rtsp://host/x?user=admin&password=geheim', 'rtsp://host/x?user=admin&password=***'],
  ['rtsp://host/x?Pwd=geheim;"?/=&b=1', 'rtsp://host/x?Pwd=***&b=1'],
  ['rtsp://host/x?loginuse=a&loginpas=geheim', 'rtsp://host/x?loginuse=a&loginpas=***'],
  ['rtsp://host/x?usr=a&pw=geheim&c=1', 'rtsp://host/x?usr=a&pw=***&c=1'],
  ['rtsp://host/x?access_token=geheim', 'rtsp://host/x?access_token=***'],
  [
    'rtsp://host/user=admin&password=geheim&channel=1&stream=0.sdp?',
    'rtsp://host/user=admin&password=***&channel=1&stream=0.sdp?',
  ],
  [
    'rtsp://host/user=admin_password=ge_heim_channel=1_stream=0.sdp?real_stream',
    'rtsp://host/user=admin_password=***_channel=1_stream=0.sdp?real_stream',
  ],
];

describe('the password is hidden', () => {
  test.each(secrets)('in %s', (address, shown) => {
    expect(maskStreamUrl(address)).toBe(shown);
    expect(maskStreamUrl(shown)).toBe(shown);
  });

  test.each(secrets)('in %s inside other text, and inside the log', (address, shown) => {
    expect(scrubCredentials(`before ${address} after\n${address}`)).toBe(`before ${shown} after\n${shown}`);
    const lines: string[] = [];
    const log = createLog('info', { write: (line: string) => void lines.push(line) });
    log.error(
      { error: new Error(`cannot read ${address}`), lastWords: `a\n${address}\nb`, to: 'x@y' },
      address,
    );
    expect(JSON.parse(lines[0]!)).toMatchObject({ lastWords: `a\n${shown}\nb`, to: 'x@y', msg: shown });
    expect(lines[0]).not.toMatch(/ge_?heim/);
  });

  test('in a path that is named without its address', () => {
    expect(scrubCredentials('404 /user=admin&password=geheim&channel=1')).toBe(
      '404 /user=admin&password=***&channel=1',
    );
  });

  test('in a megabyte of text that is made to be slow, without delay', () => {
    for (const part of ['rtsp://', 'rtsp://a', 'pass', 'password=', 'password=_channel', '@']) {
      const from = performance.now();
      scrubCredentials(part.repeat(1_000_000 / part.length));
      expect(performance.now() - from).toBeLessThan(1_000);
    }
  });
});

test('a password shown as *** is recognized as masked', () => {
  expect(isMasked('rtsp://host/x?password=***')).toBe(true);
  expect(isMasked('rtsp://host/user=a_password=***_channel=1')).toBe(true);
  expect(isMasked('rtsp://host/x?password=a')).toBe(false);
  expect(isMasked('rtsp://***@host/')).toBe(false);
});

test('the form splits a pasted address into parts, and joins the same address from them', () => {
  const pasted = ' RTSP://admin:a%2Fb%40@Host:1/x?password=y ';
  const parts = splitAddress(pasted);
  expect(parts).toEqual({ address: 'RTSP://Host:1/x?password=y', user: 'admin', password: 'a/b@' });
  expect(joinAddress(parts)).toBe(pasted.trim());
  const unclear = 'rtsp://admin:12/34@host/';
  expect(splitAddress(unclear)).toEqual({ address: unclear, user: '', password: '' });
});
