import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  HeadBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type S3Server, startS3Server } from './s3-server.ts';

const mib = 1024 * 1024;
const footage = randomBytes(10 * mib);
let server: S3Server;

beforeAll(async () => {
  server = await startS3Server();
});

afterAll(() => server.close());

describe('the S3 server of the tests', () => {
  function client(options: { [name: string]: unknown } = {}): S3Client {
    const credentials = { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey };
    const { endpoint, region } = server;
    const made = new S3Client({
      endpoint,
      region,
      credentials,
      forcePathStyle: true,
      maxAttempts: 1,
      ...options,
    });
    onTestFinished(() => made.destroy());
    return made;
  }
  const target = { Bucket: 'clips', Key: 'by-hand.mp4' };

  async function uploadSizes(sizes: number[]): Promise<unknown> {
    const s3 = client();
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
    const Parts = await Promise.all(
      sizes.map(async (size, i) => {
        const part = { ...target, UploadId, PartNumber: i + 1, Body: footage.subarray(0, size) };
        const { ETag } = await s3.send(new UploadPartCommand(part));
        return { ETag, PartNumber: i + 1 };
      }),
    );
    return s3.send(new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }));
  }

  test('refuses parts that are unequal, growing or too small, as R2 does', async () => {
    await expect(uploadSizes([5 * mib, 6 * mib, 1])).rejects.toMatchObject({ name: 'InvalidPart' });
    await expect(uploadSizes([5 * mib, 6 * mib])).rejects.toMatchObject({ name: 'InvalidPart' });
    await expect(uploadSizes([4 * mib, 4 * mib])).rejects.toMatchObject({ name: 'EntityTooSmall' });
    await uploadSizes([5 * mib, 5 * mib, 1]);
    expect(server.contents.object('by-hand.mp4').size).toBe(10 * mib + 1);
  });

  test('accepts the framing and checksums that are the SDK’s default', async () => {
    const s3 = client();
    const Body = Readable.from([footage.subarray(0, 70_000), footage.subarray(70_000, 200_000)]);
    await s3.send(new PutObjectCommand({ ...target, Key: 'framed', Body, ContentLength: 200_000 }));
    expect((await server.bytes('framed')).equals(footage.subarray(0, 200_000))).toBe(true);
    await s3.send(new DeleteObjectsCommand({ Bucket: 'clips', Delete: { Objects: [{ Key: 'framed' }] } }));
    const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: 'clips', Prefix: 'framed' }));
    expect(KeyCount).toBe(0);
  });

  test('refuses a body that differs from what was declared', async () => {
    for (const wrong of [{ ChecksumCRC32: 'AAAAAA==' }, { ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' }]) {
      const put = client().send(new PutObjectCommand({ ...target, Body: 'content', ...wrong }));
      await expect(put).rejects.toMatchObject({ name: 'BadDigest' });
    }
  });

  test('lists the parts of an unfinished upload', async () => {
    const s3 = client();
    const upload = { ...target, Key: 'unfinished.mp4' };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(upload));
    for (const PartNumber of [2, 1]) {
      await s3.send(
        new UploadPartCommand({ ...upload, UploadId, PartNumber, Body: footage.subarray(0, PartNumber) }),
      );
    }
    const { Uploads } = await s3.send(new ListMultipartUploadsCommand({ Bucket: 'clips' }));
    expect(Uploads).toContainEqual(expect.objectContaining({ Key: 'unfinished.mp4', UploadId }));
    const { Parts } = await s3.send(new ListPartsCommand({ ...upload, UploadId }));
    expect(Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test('lists keys in order, page by page', async () => {
    const s3 = client();
    for (const n of [3, 1, 2])
      await s3.send(new PutObjectCommand({ Bucket: 'clips', Key: `page/${n}`, Body: 'x' }));
    const list = { Bucket: 'clips', Prefix: 'page/', MaxKeys: 2 };
    const first = await s3.send(new ListObjectsV2Command(list));
    const ContinuationToken = first.NextContinuationToken;
    const second = await s3.send(new ListObjectsV2Command({ ...list, ContinuationToken }));
    expect([first, second].map(({ Contents }) => Contents?.map(({ Key }) => Key))).toEqual([
      ['page/1', 'page/2'],
      ['page/3'],
    ]);
  });

  test('refuses a request that was signed too long ago', async () => {
    const own = await startS3Server();
    onTestFinished(() => own.close());
    own.advanceClock(16 * 60_000);
    const head = client({ endpoint: own.endpoint }).send(new HeadBucketCommand({ Bucket: 'clips' }));
    await expect(head).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  });

  test('transfers no more bytes per second than its uplink allows', async () => {
    const slow = await startS3Server({ bytesPerSecond: 2 * mib });
    onTestFinished(() => slow.close());
    const s3 = client({ endpoint: slow.endpoint });
    const begun = performance.now();
    const put = (Key: string) =>
      s3.send(new PutObjectCommand({ Bucket: 'clips', Key, Body: footage.subarray(0, mib / 2) }));
    await Promise.all(['a', 'b'].map(put));
    expect(performance.now() - begun).toBeGreaterThan(480);
  });
});
