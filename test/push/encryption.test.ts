// Push messages: their encryption, and the addresses that they may be sent to.
import { createECDH } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { areKeys, encryptMessage } from '../../src/push/encryption.ts';
import { createPushServices, isEndpoint } from '../../src/push/push-services.ts';
import { decrypt } from '../support/push/push-service.ts';

const bytes = (text: string) => Buffer.from(text, 'base64url');

/** RFC 8291, 5 and appendix A. */
const example = {
  message: Buffer.from('When I grow up, I want to be a watermelon'),
  keys: {
    p256dh: 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4',
    auth: 'BTBZMqHH6r4Tts7J_aSIgg',
  },
  receiver: 'q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94',
  sender: 'yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw',
  salt: 'DGv6ra1nlYgDCS1FRnbzlw',
  body: 'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
};

test('a message is encrypted as in the example of RFC 8291', () => {
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(bytes(example.sender));
  const body = encryptMessage(example.message, example.keys, { pair, salt: bytes(example.salt) });
  expect(body.toString('base64url')).toBe(example.body);
  expect(decrypt(body, bytes(example.receiver), bytes(example.keys.auth))).toEqual(example.message);
});

test('each message has a salt and a key of its own', () => {
  const [one, two] = [1, 2].map(() => encryptMessage(example.message, example.keys)) as [Buffer, Buffer];
  expect(one.subarray(0, 16)).not.toEqual(two.subarray(0, 16));
  expect(one.subarray(21, 86)).not.toEqual(two.subarray(21, 86));
  expect(decrypt(one, bytes(example.receiver), bytes(example.keys.auth))).toEqual(example.message);
});

test('keys that are no keys are refused', () => {
  expect(areKeys(example.keys)).toBe(true);
  const point = bytes(example.keys.p256dh);
  point[40]! ^= 1;
  for (const p256dh of ['', 'AAAA', point.toString('base64url')]) {
    expect(areKeys({ ...example.keys, p256dh }), p256dh).toBe(false);
  }
  expect(areKeys({ ...example.keys, auth: 'AAAA' })).toBe(false);
});

test('messages are sent over https to public addresses only', async () => {
  for (const text of ['https://push.example.org/x', 'https://push.example.org:8443/x', 'https://9.9.9.9/x']) {
    expect(isEndpoint(text, false), text).toBe(true);
  }
  const forbidden = [
    ...[
      'http://push.example.org/x',
      'ftp://push.example.org/x',
      'https://user:pass@push.example.org/x',
      '/x',
    ],
    ...[
      'https://127.0.0.1/x',
      'https://2130706433/x',
      'https://0x7f.1/x',
      'https://10.0.0.1/x',
      'https://[::1]/x',
    ],
    ...[
      'https://169.254.169.254/x',
      'https://[::ffff:10.0.0.1]/x',
      'https://[fd00::1]/x',
      'https://0.0.0.0/x',
    ],
    `https://push.example.org/${'x'.repeat(1_000)}`,
  ];
  for (const text of forbidden) expect(isEndpoint(text, false), text).toBe(false);
});

test('a name is refused if it has no public address, and nothing is connected to', async () => {
  let connections = 0;
  const server = http.createServer().on('connection', () => connections++);
  server.listen(0, 'localhost');
  await once(server, 'listening');
  const endpoint = new URL(`https://localhost:${(server.address() as AddressInfo).port}/x`);
  const services = createPushServices({ mayBePrivate: false });
  try {
    await expect(services.post(endpoint, {}, Buffer.from('x'))).rejects.toThrow(
      'localhost has no public address',
    );
    expect(connections).toBe(0);
  } finally {
    await services.close();
    server.close();
  }
});
