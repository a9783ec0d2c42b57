import type { TestClient } from '../app/client.ts';
import { until } from '../camera/reader.ts';

/** A picture of a storyboard: when it is shown, in seconds, and where it is in the JPEG, in pixels. */
export interface Cue {
  readonly from: number;
  readonly to: number;
  readonly area: { x: number; y: number; width: number; height: number };
}

/** Fetches a storyboard as a player does: the WebVTT, and the JPEG that its cues name. */
export async function readStoryboard(
  url: string,
): Promise<{ cues: Cue[]; jpeg: Buffer; type: string | null }> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}.`);
  const [head, ...blocks] = (await answer.text()).trim().split('\n\n');
  if (head !== 'WEBVTT') throw new Error(`${url} begins with ${head}.`);
  const names = new Set<string>();
  const cues = blocks.map((block) => {
    const [times = '', text = ''] = block.split('\n');
    const [from = 0, to = 0] = times.split(' --> ').map(seconds);
    const [name = '', xywh = ''] = text.split('#xywh=');
    names.add(name);
    const [x = 0, y = 0, width = 0, height = 0] = xywh.split(',').map(Number);
    return { from, to, area: { x, y, width, height } };
  });
  if (names.size !== 1) throw new Error(`The cues name ${[...names]}.`);
  const image = await fetch(new URL([...names][0]!, url));
  if (!image.ok) throw new Error(`${image.url} answered ${image.status}.`);
  return { cues, jpeg: Buffer.from(await image.arrayBuffer()), type: answer.headers.get('content-type') };
}

function seconds(time: string): number {
  const [h, m, s] = time.split(':').map(Number) as [number, number, number];
  return h * 3_600 + m * 60 + s;
}

/** @returns null while there is none */
export async function storyboardUrl(client: TestClient, id: string): Promise<string | null> {
  const { playback } = await client.run<{ playback: { storyboardUrl: string | null } }>(
    'query($id: ID!) { playback(id: $id) { storyboardUrl } }',
    { id },
  );
  return playback.storyboardUrl;
}

export async function awaitStoryboard(client: TestClient, id: string): Promise<string> {
  await until(async () => (await storyboardUrl(client, id)) !== null, 'the clip has a storyboard');
  return (await storyboardUrl(client, id))!;
}
