import { query } from '../api/client.ts';
import { PlaybackStoryboardDocument } from '../gql/graphql.ts';

/** A small picture of a clip: which seconds it belongs to, and where in the JPEG it is, in pixels. */
export interface Tile {
  readonly from: number;
  readonly to: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Storyboard {
  readonly image: string;
  readonly tiles: readonly Tile[];
}

const mostKept = 50;
/** Links are valid for half an hour at least. */
const keptMs = 20 * 60_000;
const kept = new Map<string, { at: number; storyboard: Promise<Storyboard | undefined> }>();

/** The storyboard of a playback; undefined if it has none (yet), or if it cannot be loaded. */
export function storyboardOf(playbackId: string): Promise<Storyboard | undefined> {
  const known = kept.get(playbackId);
  if (known && Date.now() - known.at < keptMs) return known.storyboard;
  // Without an answer, the moment is shown without a picture.
  const storyboard = load(playbackId).catch(() => undefined);
  kept.set(playbackId, { at: Date.now(), storyboard });
  if (kept.size > mostKept) kept.delete(kept.keys().next().value!);
  void storyboard.then((found) => !found && kept.delete(playbackId));
  return storyboard;
}

export const tileAt = ({ tiles }: Storyboard, sec: number): Tile | undefined =>
  tiles.findLast(({ from }) => from <= sec) ?? tiles[0];

async function load(id: string): Promise<Storyboard | undefined> {
  const { playback } = await query(PlaybackStoryboardDocument, { id });
  if (!playback?.storyboardUrl) return undefined;
  const answer = await fetch(playback.storyboardUrl);
  if (!answer.ok) return undefined;
  const text = await answer.text();
  const cues = text.matchAll(/^([\d:.]+) --> ([\d:.]+)\n(.+)#xywh=(\d+),(\d+),(\d+),(\d+)$/gm);
  let image = '';
  const tiles = [...cues].map(([, from = '', to = '', name = '', ...area]) => {
    image = new URL(name, playback.storyboardUrl!).href;
    const [x = 0, y = 0, width = 0, height = 0] = area.map(Number);
    return { from: seconds(from), to: seconds(to), x, y, width, height };
  });
  return tiles.length === 0 ? undefined : { image, tiles };
}

const seconds = (time: string): number => time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
