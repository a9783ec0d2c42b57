import type { Db } from '../db/client.ts';

/**
 * GraphiQL's first tab: operations that work as they stand, with a camera of this server in them. The event is
 * leased, so that it ends by itself and its clip is COMPLETED some seconds later.
 */
export async function exampleOperations(db: Db): Promise<string> {
  const camera = await db.camera.findFirst({ orderBy: { createdAt: 'asc' }, select: { id: true } });
  const id = camera?.id ?? '00000000-0000-0000-0000-000000000000';
  const add = `# ${camera ? 'A further camera.' : 'There is no camera yet: add one, and put its id into Trigger.'}
mutation AddCamera {
  createCamera(input: {
    name: "Front door"
    rtspUrl: "rtsp://user:password@127.0.0.1:8554/stream"
  }) {
    camera { id state }
  }
}`;
  return `# Put the cursor into an operation and press Ctrl+Enter,
# or pick it under the play button.

# 1. Watch every change of every recording, as it happens.
#    Leave it running in a tab of its own.
subscription Watch {
  playbackStatusChanged {
    at
    from
    to
    playback { id preRollMs durationMs videoUrl }
  }
}

# 2. Something moves. The lease ends the event after five
#    seconds; see also endEvent and renewEvent.
mutation Trigger {
  createEvent(input: {
    cameraId: "${id}"
    type: MOTION
    label: "from GraphiQL"
    leaseSec: 5
  }) {
    event { id startedAt leaseExpiresAt }
    playback { id recordingStatus }
  }
}

# 3. What has been recorded.
query Recordings {
  playbacks(pageSize: 5) {
    total
    items {
      id recordingStatus startedAt endReason
      durationMs codec resolution videoUrl
    }
  }
}

query Cameras {
  cameras { id name state stateSince lastError codec resolution preRollSec recordOn }
}

subscription CameraStates {
  cameraStateChanged { id name state lastError }
}

${add}
`;
}
