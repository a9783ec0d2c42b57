import type { Bucket, OpenUpload, StoredObject } from './bucket.ts';
import { S3Error } from './s3-error.ts';

const declaration = '<?xml version="1.0" encoding="UTF-8"?>';
const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

type Content = string | number | boolean | Content[] | { [name: string]: Content };

/** `{ A: { B: [1, 2] } }` → `<A><B>1</B><B>2</B></A>` */
export function toXml(root: { [name: string]: Content }): string {
  return declaration + elements(root);
}

function elements(content: Content): string {
  if (typeof content !== 'object') return String(content).replace(/[&<>"']/g, (c) => entities[c]!);
  return Object.entries(content)
    .flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((one) => [name, one] as const))
    .map(([name, value]) => `<${name}>${elements(value)}</${name}>`)
    .join('');
}

/** The text of every `<name>` in a request's body. Sufficient for the two requests that have a body. */
export function textsOf(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map(([, text]) =>
    text!.replace(/&(amp|lt|gt|quot|apos);/g, (entity) => entityChars[entity]!),
  );
}

const entityChars = Object.fromEntries(Object.entries(entities).map(([char, entity]) => [entity, char]));

export function errorXml(error: S3Error): string {
  return toXml({ Error: { Code: error.code, Message: error.message } });
}

/** ListObjectsV2, in order of the keys; a page's continuation token is its last key. */
export function listObjects(bucket: Bucket, query: URLSearchParams): string {
  if (query.has('delimiter')) throw new S3Error(501, 'NotImplemented', 'delimiter');
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const maxKeys = Math.min(Number(query.get('max-keys') ?? 1000), 1000);
  const matching = [...bucket.objects]
    .filter(([key]) => key.startsWith(prefix) && key > after)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const page = matching.slice(0, maxKeys);
  const isTruncated = matching.length > page.length;
  const result = {
    Name: bucket.name,
    Prefix: prefix,
    KeyCount: page.length,
    MaxKeys: maxKeys,
    IsTruncated: isTruncated,
    ...(isTruncated && { NextContinuationToken: page.at(-1)![0] }),
    Contents: page.map(([key, object]) => listed(key, object)),
  };
  return toXml({ ListBucketResult: result });
}

function listed(key: string, { modified, etag, size }: StoredObject): Content {
  return {
    Key: key,
    LastModified: modified.toISOString(),
    ETag: `"${etag}"`,
    Size: size,
    StorageClass: 'STANDARD',
  };
}

export function listUploads(bucket: Bucket, prefix: string): string {
  const uploads = [...bucket.uploads.values()].filter(({ key }) => key.startsWith(prefix));
  const Upload = uploads.map(({ id, key }) => ({ Key: key, UploadId: id }));
  return toXml({ ListMultipartUploadsResult: { Bucket: bucket.name, IsTruncated: false, Upload } });
}

/** ListParts, 1,000 to a page as on S3. */
export function listParts(bucket: Bucket, upload: OpenUpload, marker: number): string {
  const after = [...upload.parts].filter(([number]) => number > marker).sort(([a], [b]) => a - b);
  const page = after.slice(0, 1000);
  const result = {
    Bucket: bucket.name,
    Key: upload.key,
    UploadId: upload.id,
    IsTruncated: after.length > page.length,
    NextPartNumberMarker: page.at(-1)?.[0] ?? 0,
    Part: page.map(([PartNumber, { md5, size }]) => ({
      PartNumber,
      ETag: `"${md5.toString('hex')}"`,
      Size: size,
    })),
  };
  return toXml({ ListPartsResult: result });
}
