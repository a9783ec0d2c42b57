import { builder } from './builder.ts';

export const RecordingStatus = builder.enumType('RecordingStatus', {
  description: 'The status of a playback: PENDING → RECORDING → PROCESSING → COMPLETED or FAILED.',
  values: {
    PENDING: { description: 'Requested; the recorder has not begun yet.' },
    RECORDING: { description: 'The recorder keeps everything that the camera delivers.' },
    PROCESSING: { description: 'All footage is on disk. The clip is being made and put into the store.' },
    COMPLETED: { description: 'The clip is in the store and has the size that the playback states.' },
    FAILED: { description: 'There is no clip. `failure` says why, and whether a retry can make one.' },
  },
});

export const EventType = builder.enumType('EventType', {
  description: 'What happened at the camera.',
  values: {
    MOTION: { description: 'Something moved.' },
    PERSON: { description: 'A person was seen.' },
    VEHICLE: { description: 'A vehicle was seen.' },
    ANIMAL: { description: 'An animal was seen.' },
    INTRUSION: { description: 'Somebody entered a zone.' },
    LINE_CROSSING: { description: 'Somebody or something crossed a line.' },
    SOUND: { description: 'A sound was heard.' },
    TAMPER: { description: 'The camera was covered, turned or defocused.' },
    OTHER: { description: 'Anything else; `label` says what.' },
  },
});

export const CameraState = builder.enumType('CameraState', {
  description: 'What the camera’s feed is doing now.',
  values: {
    DISABLED: { description: 'The camera is switched off in Flashback.' },
    IDLE: { description: 'Not connected, because the camera has no pre-roll and nothing is recorded.' },
    CONNECTING: { description: 'Flashback is connecting; no picture has arrived yet.' },
    LIVE: { description: 'Pictures arrive, and the ring holds the newest ones.' },
    OFFLINE: {
      description: 'The camera cannot be reached or refuses. Flashback keeps trying; `lastError` says why.',
    },
  },
});

export const CameraErrorCode = builder.enumType('CameraErrorCode', {
  description: 'Why a camera is not live, or why it cannot be recorded.',
  values: {
    NAME_NOT_FOUND: { description: 'The host name in the camera’s address is not known.' },
    ADDRESS_FORBIDDEN: { description: 'PRIVATE_CAMERAS=false forbids the camera’s address.' },
    UNREACHABLE: { description: 'Nothing can be reached at the camera’s address.' },
    NO_ANSWER: { description: 'The camera did not answer in time.' },
    NOT_RTSP: {
      description: 'What answers at the camera’s address does not speak RTSP, or speaks it wrongly.',
    },
    TLS: { description: 'The encrypted connection failed, or the camera’s certificate is not accepted.' },
    CREDENTIALS: {
      description: 'The camera refused the user name or the password, or its address has none.',
    },
    ACCESS_REFUSED: { description: 'The camera refused access (RTSP 403).' },
    STREAM_NOT_FOUND: { description: 'The camera knows no stream at this path (RTSP 404).' },
    BUSY: { description: 'The camera allows no further connection (RTSP 453).' },
    REFUSED: { description: 'The camera refused a request for another reason, or could not carry it out.' },
    CONNECTION_LOST: { description: 'The connection to the camera was lost.' },
    NO_PICTURE: { description: 'The camera is connected, and sends no picture.' },
    NOT_SUPPORTED: { description: 'The camera sends what cannot be recorded, for example MJPEG.' },
    NO_SERVER: { description: 'No server is there that may read the camera.' },
    NO_ROOM: {
      description:
        'The server that reads the camera begins no recording, for example because its disk is full.',
    },
    OTHER: { description: 'Another reason; the sentence says which.' },
  },
});

export const CameraTransport = builder.enumType('CameraTransport', {
  description: 'The transport that is requested from a camera.',
  values: {
    AUTO: { description: 'TCP, or UDP if the camera refuses TCP.' },
    TCP: { description: 'Inside the RTSP connection: nothing is lost or out of order.' },
    UDP: { description: 'In datagrams: clips lack what the network loses.' },
  },
});

export const CameraReader = builder.enumType('CameraReader', {
  description: 'The program that reads a camera’s stream.',
  values: {
    AUTO: { description: 'Flashback’s own reader, or ffmpeg for streams that Flashback cannot read.' },
    FFMPEG: { description: 'An ffmpeg process for this camera. It needs more memory and processor time.' },
  },
});

export const CameraTls = builder.enumType('CameraTls', {
  description: 'Which certificate is accepted from a camera with an rtsps:// address.',
  values: {
    PINNED: { description: 'The first certificate that the camera has shown. Any other is an error.' },
    VERIFY: {
      description: 'A certificate for the camera’s name, from an authority that this server trusts.',
    },
    ANY: {
      description: 'Any certificate. The server then cannot tell whether it is connected to the camera.',
    },
  },
});

export const EndReason = builder.enumType('EndReason', {
  description: 'Why a recording stopped. LEASE_EXPIRED and MAX_DURATION stop it without an endEvent.',
  values: {
    ENDED: { description: 'The event was ended.' },
    STOPPED: { description: 'The recording was stopped by hand.' },
    LEASE_EXPIRED: { description: 'The event’s lease expired.' },
    MAX_DURATION: {
      description:
        'The recording reached the camera’s maxDurationSec, or its own durationSec if it was started by hand.',
    },
    CAMERA_LOST: {
      description:
        'The camera delivered nothing for too long; or its stream changed to a format that does not fit the file, and a further playback goes on.',
    },
    SHUTDOWN: {
      description:
        'The server could not go on recording: its disk was full or failed, an error of its own ended the recording, or it was not running when the recording had to end. A restart alone ends no recording; but a server that stops beside others hands it over, and an open event goes on in a further playback.',
    },
    NODE_LOST: {
      description:
        'The server was lost. An open event goes on in a further playback; the clip is made from what that server or the bucket has.',
    },
  },
});

export const NodeState = builder.enumType('NodeState', {
  description: 'Whether a server of this database is there.',
  values: {
    LIVE: { description: 'It has sent a heartbeat within the last five seconds.' },
    DRAINING: { description: 'It is about to end, and hands over its cameras and its recordings.' },
    ENDED: { description: 'It has ended by itself.' },
    LOST: { description: 'It sends no heartbeats, and has not said that it ends.' },
  },
});

export const Role = builder.enumType('Role', {
  description: 'What a caller may do. Each role allows what its description says, and nothing else.',
  values: {
    VIEWER: { description: 'Read and subscribe.' },
    ANALYTICS: {
      description: 'Report, renew and end events. Read cameras, and its own events with their playbacks.',
    },
    OPERATOR: {
      description:
        'Everything that VIEWER and ANALYTICS may do. Also record by hand, and delete, protect, retry and share playbacks.',
    },
    ADMIN: { description: 'Everything, including cameras and keys.' },
  },
});

export const Fault = builder.enumType('Fault', {
  description: 'Who has to act on a failure.',
  values: {
    CAMERA: { description: 'The person who looks after the camera or its network.' },
    STORAGE: { description: 'The person who looks after the bucket or the disk.' },
    SERVER: { description: 'The person who runs Flashback.' },
  },
});
