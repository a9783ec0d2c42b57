// Queries and mutations on events and playbacks that many tests use.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { TestClient } from './client.ts';

export interface PlaybackFacts {
  id: string;
  recordingStatus: string;
  startedAt: string;
  endedAt: string | null;
  endReason: string | null;
  clipStartedAt: string | null;
  preRollMs: number | null;
  missedMs: number | null;
  gaps: { from: string; to: string }[];
  durationMs: number | null;
  durationSec: number | null;
  fileSizeBytes: number | null;
  codec: string | null;
  audioCodec: string | null;
  resolution: string | null;
  videoUrl: string | null;
  thumbnailUrl: string | null;
  errorMessage: string | null;
  failure: { code: string; message: string; fault: string; retryable: boolean } | null;
  transitions: { from: string | null; to: string; at: string; cursor: string }[];
}

const fields = `id recordingStatus startedAt endedAt endReason clipStartedAt preRollMs missedMs gaps { from to }
  durationMs durationSec fileSizeBytes codec audioCodec resolution videoUrl thumbnailUrl errorMessage
  failure { code message fault retryable } transitions { from to at cursor }`;

export async function createEvent(
  client: TestClient,
  input: { cameraId: string; [field: string]: unknown },
): Promise<{ id: string; playback: PlaybackFacts | null }> {
  const { createEvent } = await client.run<{
    createEvent: { event: { id: string }; playback: PlaybackFacts | null };
  }>(
    `mutation($input: CreateEventInput!) { createEvent(input: $input) { event { id } playback { ${fields} } } }`,
    { input: { type: 'MOTION', ...input } },
  );
  return { id: createEvent.event.id, playback: createEvent.playback };
}

export async function endEvent(client: TestClient, id: string, endedAt?: string): Promise<void> {
  await client.run('mutation($input: EndEventInput!) { endEvent(input: $input) { event { endedAt } } }', {
    input: { id, ...(endedAt && { endedAt }) },
  });
}

export async function readPlayback(client: TestClient, id: string): Promise<PlaybackFacts> {
  const { playback } = await client.run<{ playback: PlaybackFacts }>(
    `query($id: ID!) { playback(id: $id) { ${fields} } }`,
    { id },
  );
  return playback;
}

/** Waits until the playback of that event is COMPLETED or FAILED. */
export async function awaitEnd(
  client: TestClient,
  event: { id: string; playback: { id: string } | null },
): Promise<PlaybackFacts> {
  const transitions = client.subscribe<{ playbackStatusChanged: { to: string } }>(
    'subscription($id: ID!) { playbackStatusChanged(filter: { eventId: $id }) { to } }',
    { id: event.id },
  );
  await transitions.until(({ playbackStatusChanged: { to } }) => to === 'COMPLETED' || to === 'FAILED');
  transitions.stop();
  return readPlayback(client, event.playback!.id);
}

/** Deletes all playbacks whose event began after that time. Running recordings are ended. */
export async function deletePlaybacks(client: TestClient, startedAfter?: string): Promise<void> {
  const { playbacks } = await client.run<{ playbacks: { items: { id: string }[] } }>(
    'query($filter: PlaybackFilter) { playbacks(filter: $filter, pageSize: 100) { items { id } } }',
    { filter: { startedAfter } },
  );
  for (const { id } of playbacks.items)
    await client.run('mutation($id: ID!) { deletePlayback(id: $id) { id } }', { id });
}

/** Downloads the clip into a file. */
export async function download(playback: PlaybackFacts, dir: string): Promise<string> {
  const response = await fetch(playback.videoUrl!);
  if (!response.ok) throw new Error(`${playback.videoUrl} answered ${response.status}.`);
  const file = path.join(dir, `${playback.id}.mp4`);
  await writeFile(file, Buffer.from(await response.arrayBuffer()));
  return file;
}
