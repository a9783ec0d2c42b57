import { until } from '../camera/reader.ts';
import type { TestApp } from './app.ts';

/** Waits until the rings of these cameras hold so many seconds, so that a pre-roll of that length is complete. */
export async function awaitRing(
  app: Pick<TestApp, 'config' | 'client'>,
  cameraIds: readonly string[],
  seconds: number,
): Promise<void> {
  const key = app.config.apiKeys.find(({ role }) => role === 'ADMIN')?.secret;
  const headers: Record<string, string> = key ? { authorization: `Bearer ${key}` } : {};
  await until(async () => {
    const text = await (await fetch(`${app.client.url}/metrics`, { headers })).text();
    const held = cameraIds.map((id) => new RegExp(`ring_seconds{camera="${id}"} (.+)`).exec(text)?.[1]);
    return held.every((ring) => Number(ring) >= seconds);
  }, `the rings hold ${seconds} s`);
}
