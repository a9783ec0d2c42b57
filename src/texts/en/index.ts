import { alerts } from './alerts.ts';
import { cameras } from './cameras.ts';
import { keys } from './keys.ts';
import { names } from './names.ts';
import { nodes } from './nodes.ts';
import { now } from './now.ts';
import { parts } from './parts.ts';
import { playback } from './playback.ts';
import { playbacks } from './playbacks.ts';
import { setup } from './setup.ts';
import { share } from './share.ts';
import { shell } from './shell.ts';
import { together } from './together.ts';
import { wall } from './wall.ts';

export const en = {
  alerts,
  cameras,
  keys,
  names,
  nodes,
  now,
  parts,
  playback,
  playbacks,
  setup,
  share,
  shell,
  together,
  wall,
};
