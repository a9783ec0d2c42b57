/** H.264 whose frames are sent as two fields, each one a picture of its own. No encoder of ffmpeg writes that. */
import { frame, homeChannel } from '../../../src/demo/rtsp/interleaved.ts';
import { frameHeaderBytes } from '../../../src/rtsp/framer.ts';
import { fuA, type Payload, sent } from './packetize.ts';
import type { Recording } from './rtp.ts';

/** Macroblocks of a field: 64x32 pixels, so that the frame has 64x64. */
const blocksPerField = 8;
const framesPerGroup = 15;

/** The recording with these pictures instead of its own, at the same rate: `fps` frames, each of two fields. */
export function withFields(recording: Recording, fps: number): Recording {
  const video = recording.frames.filter((one) => one[1] === homeChannel(0));
  const start = video[0]!.readUInt32BE(frameHeaderBytes + 4);
  const ticks = 90_000 / fps;
  const count = Math.round(((video.at(-1)!.readUInt32BE(frameHeaderBytes + 4) - start) >>> 0) / ticks) + 1;
  const payloads = Array.from({ length: count }, (_, number) => framePayloads(number, start, ticks)).flat();
  const pictures = sent(payloads).map((packet) => frame(homeChannel(0), packet));
  return {
    tracks: recording.tracks,
    // The parameter sets of the other pictures.
    sdp: recording.sdp.replace(/; *sprop-parameter-sets=[^;\s]+/, ''),
    frames: [...pictures, ...recording.frames.filter((one) => one[1] !== homeChannel(0))],
  };
}

/** Two fields, half a frame apart, with the parameter sets before an IDR picture. */
function framePayloads(number: number, start: number, ticks: number): Payload[] {
  const inGroup = number % framesPerGroup;
  const timestamp = (start + number * ticks) >>> 0;
  const sets = inGroup === 0 ? parameterSets().map((payload) => ({ payload, timestamp })) : [];
  const fields = [false, true].flatMap((isBottom) => {
    const parts = fuA(field(inGroup, isBottom, (number * 7) % 200), 1200);
    const shownAt = (timestamp + (isBottom ? ticks / 2 : 0)) >>> 0;
    return parts.map((payload, i) => ({
      payload,
      timestamp: shownAt,
      isMarked: i === parts.length - 1,
    }));
  });
  return [...sets, ...fields];
}

function parameterSets(): Buffer[] {
  const sps = [
    '01001101', // profile_idc: Main
    '00000000',
    '00011110', // level_idc: 3
    ue(0), // seq_parameter_set_id
    ue(0), // log2_max_frame_num_minus4
    ue(2), // pic_order_cnt_type: shown in the order of decoding
    ue(1), // max_num_ref_frames
    '0',
    ue(3), // pic_width_in_mbs_minus1
    ue(1), // pic_height_in_map_units_minus1
    '0', // frame_mbs_only_flag
    '0', // mb_adaptive_frame_field_flag
    '1', // direct_8x8_inference_flag
    '0',
    '0',
  ];
  // CAVLC, one slice group, and deblocking_filter_control_present_flag.
  const pps = [ue(0), ue(0), '0', '0', ue(0), ue(0), ue(0), '0', '00', ue(0), ue(0), ue(0), '1', '0', '0'];
  return [nal(0x67, bytesOf(sps.join(''))), nal(0x68, bytesOf(pps.join('')))];
}

/** A field of raw macroblocks (I_PCM), all of one brightness. */
function field(frameNum: number, isBottom: boolean, brightness: number): Buffer {
  const isIdr = frameNum === 0 && !isBottom;
  const header = [
    ue(0), // first_mb_in_slice
    ue(7), // slice_type: I
    ue(0),
    frameNum.toString(2).padStart(4, '0'),
    '1', // field_pic_flag
    isBottom ? '1' : '0',
    ...(isIdr ? [ue(0), '00'] : ['0']), // idr_pic_id, dec_ref_pic_marking
    ue(0), // slice_qp_delta
    ue(1), // disable_deblocking_filter_idc
  ].join('');
  const samples = Buffer.alloc(384, 128).fill(brightness + (isBottom ? 20 : 0), 0, 256);
  // mb_type 25, then the samples from the next byte boundary on.
  const first = wholeBytes(header + ue(25));
  const further = wholeBytes(ue(25));
  const blocks = Array.from({ length: blocksPerField }, (_, i) => [i === 0 ? first : further, samples]);
  return nal(isIdr ? 0x65 : 0x61, Buffer.concat([...blocks.flat(), Buffer.from([0x80])]));
}

/** An exp-Golomb number (ISO/IEC 14496-10, 9.1). */
function ue(value: number): string {
  const bits = (value + 1).toString(2);
  return '0'.repeat(bits.length - 1) + bits;
}

/** Adds the stop bit at the end. */
const bytesOf = (bits: string): Buffer => wholeBytes(`${bits}1`);

function wholeBytes(bits: string): Buffer {
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0');
  return Buffer.from(padded.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)));
}

/** Adds a 3 after two zero bytes where a start code would be read otherwise (7.4.1). */
function nal(header: number, payload: Buffer): Buffer {
  const bytes = [header];
  let zeros = 0;
  for (const byte of payload) {
    if (zeros === 2 && byte <= 3) {
      bytes.push(3);
      zeros = 0;
    }
    bytes.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.from(bytes);
}
