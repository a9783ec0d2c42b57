import { CreateMultipartUploadCommand, type S3Client } from '@aws-sdk/client-s3';
import { assertKey } from './key.ts';
import type { Sender } from './s3-put.ts';
import { abortUpload, completeUpload, listParts, sendPart } from './s3-upload.ts';
import { installationMetadata, type Upload, UploadGone, type Uploads } from './store.ts';

/** What the uploads of an S3 store need from it. */
export interface UploadTools {
  readonly client: S3Client;
  readonly sender: Sender;
  readonly Bucket: string;
  /** Runs requests; their errors become failures that name the task, which completes "… could not …". */
  readonly request: <T>(task: string, requests: () => Promise<T>, signal?: AbortSignal) => Promise<T>;
  /** @throws RecordingFailure STORE_MISMATCH */
  readonly expectSize: (key: string, size: number) => Promise<void>;
  /** undefined: there is no such object */
  readonly sizeOf: (key: string) => Promise<number | undefined>;
}

/** A bucket's uploads in parts. */
export function uploadsIn({ client, sender, Bucket, request, expectSize, sizeOf }: UploadTools): Uploads {
  function resume(key: string, id: string): Upload {
    assertKey(key);
    const upload = { Bucket, Key: key, UploadId: id };
    return {
      id,
      sendPart: (number, bytes, transfer) =>
        request(
          `store part ${number} of ${key}`,
          () => sendPart(sender, upload, number, bytes, transfer),
          transfer.signal,
        ),
      listParts: () => request(`list the parts of ${key}`, () => listParts(client, upload)),
      async complete(parts, transfer) {
        const size = [...parts.values()].reduce((sum, { bytes }) => sum + bytes, 0);
        try {
          await request(
            `store ${key}`,
            () => completeUpload(client, upload, parts, transfer),
            transfer.signal,
          );
        } catch (error) {
          // If the answer to the first try was lost, or another process completed the upload, the object exists.
          if (!(error instanceof UploadGone)) throw error;
          if ((await request(`say what it holds under ${key}`, () => sizeOf(key))) !== size) throw error;
          return;
        }
        await expectSize(key, size);
      },
      abort: () => request(`remove ${key}`, () => abortUpload(client, Bucket, { key, uploadId: id })),
    };
  }

  return {
    async begin(key, ContentType, installation, { signal }) {
      assertKey(key);
      const Metadata = { [installationMetadata]: installation };
      const command = new CreateMultipartUploadCommand({ Bucket, Key: key, ContentType, Metadata });
      const send = () => client.send(command, { ...(signal && { abortSignal: signal }) });
      const { UploadId, AbortDate } = await request(`begin to store ${key}`, send, signal);
      if (UploadId === undefined)
        throw new Error(`The bucket began an upload of ${key} without giving its id.`);
      return { ...resume(key, UploadId), abortsAt: AbortDate };
    },
    resume,
  };
}
