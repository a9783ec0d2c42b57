import { buildInit, type InitTrack } from '../../../src/mp4/build-init.ts';
import { type InitSegment, parseInit } from '../../../src/mp4/init-segment.ts';

/** The init segment that is built for these tracks, read back. */
export const builtInit = (tracks: readonly InitTrack[]): InitSegment => parseInit(buildInit(tracks));
