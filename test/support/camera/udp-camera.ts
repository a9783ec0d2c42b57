// A camera that does not send its media over TCP: it answers 461 and sends its capture in datagrams.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { framesIn } from '../../../src/demo/rtsp/interleaved.ts';
import type { StreamSink } from '../../../src/demo/rtsp/stream.ts';
import { frameHeaderBytes } from '../../../src/rtsp/framer.ts';
import type { Capture } from './captures.ts';
import { Replay, wallMs } from './replay.ts';
import { startScriptedCamera } from './scripted-camera.ts';

export interface UdpCamera {
  readonly url: string;
  readonly replay: Replay;
  close(): Promise<void>;
}

export async function startUdpCamera(capture: Capture): Promise<UdpCamera> {
  const replay = new Replay(capture, wallMs(), capture.parameters.gopSec / 2, 1);
  const sockets = await Promise.all(
    [0, 1].map(async () => {
      const socket = createSocket('udp4');
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      return socket;
    }),
  );
  /** The reader's port for RTP, by track. */
  const ports = new Map<number, number>();
  const sink: StreamSink = {
    send: (frames) => {
      for (const frame of framesIn(frames)) {
        const channel = frame.readUInt8(1);
        const port = ports.get(channel >> 1);
        if (port)
          sockets[channel & 1]!.send(frame.subarray(frameHeaderBytes), port + (channel & 1), '127.0.0.1');
      }
    },
    end: () => {},
  };
  const camera = await startScriptedCamera({
    sdp: capture.sdp,
    answer: (request, usual) => {
      if (request.method === 'PLAY') return { ...usual, afterwards: () => replay.join(sink) };
      if (request.method === 'TEARDOWN') replay.leave(sink);
      if (request.method !== 'SETUP') return usual;
      const port = /client_port=(\d+)/.exec(request.headers.get('transport') ?? '')?.[1];
      if (port === undefined) return { status: 461 };
      ports.set(
        capture.tracks.findIndex(({ control }) => request.url.endsWith(control)),
        Number(port),
      );
      const own = sockets.map((socket) => socket.address().port).join('-');
      const Transport = `RTP/AVP;unicast;client_port=${port}-${Number(port) + 1};server_port=${own}`;
      return { ...usual, headers: { ...usual.headers, Transport } };
    },
  });
  return {
    url: camera.url,
    replay,
    close: async () => {
      replay.leave(sink);
      for (const socket of sockets) socket.close();
      await camera.close();
    },
  };
}
