import { buildInit, type InitTrack } from '../../../src/mp4/build-init.ts';
import { type InitSegment, parseInit } from '../../../src/mp4/init-segment.ts';

/** Makes the init segment for these tracks and reads it back. */
export const builtInit = (tracks: readonly InitTrack[]): InitSegment => parseInit(buildInit(tracks));
