import { builder } from './builder.ts';

export const RecordingStatus = builder.enumType('RecordingStatus', {
  description: 'Where a playback stands: PENDING → RECORDING → PROCESSING → COMPLETED or FAILED.',
  values: {
    PENDING: { description: 'Asked for; no recorder has taken it up yet.' },
    RECORDING: { description: 'A recorder has taken it up and keeps whatever the camera delivers.' },
    PROCESSING: { description: 'All footage is on disk; the clip is being made and put into the store.' },
    COMPLETED: { description: 'The clip is in the store, with the size that the playback says.' },
    FAILED: { description: 'There will be no clip, unless it is retried; `failure` says why.' },
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
    DISABLED: { description: 'Switched off in Flashback.' },
    IDLE: { description: 'Without pre-roll and without a recording: no connection is wanted.' },
    CONNECTING: { description: 'A connection is being made; no picture has come yet.' },
    LIVE: { description: 'Pictures come; the ring holds the newest.' },
    OFFLINE: {
      description: 'The camera cannot be reached or refuses; it is tried again. `lastError` says why.',
    },
  },
});

export const CameraTransport = builder.enumType('CameraTransport', {
  description: 'Over what a camera’s stream is asked for.',
  values: {
    AUTO: { description: 'Over TCP; over UDP where the camera refuses TCP.' },
    TCP: { description: 'Inside the RTSP connection: nothing is lost or out of order.' },
    UDP: { description: 'In datagrams; what the network loses is missing in clips.' },
  },
});

export const CameraReader = builder.enumType('CameraReader', {
  description: 'What reads a camera’s stream.',
  values: {
    AUTO: { description: 'Flashback’s own reader; ffmpeg for what that one names as not its own.' },
    FFMPEG: { description: 'An ffmpeg process for this camera, which needs more memory and processor.' },
  },
});

export const CameraTls = builder.enumType('CameraTls', {
  description: 'Which certificate of a camera with an rtsps:// address is accepted.',
  values: {
    PINNED: { description: 'The one that it showed first; another one is an error.' },
    VERIFY: { description: 'One for its name, from an authority that this server trusts.' },
    ANY: { description: 'Any: whoever answers at the address could be somebody else.' },
  },
});

export const EndReason = builder.enumType('EndReason', {
  description: 'Why a recording stopped. LEASE_EXPIRED and MAX_DURATION stop it without an endEvent.',
  values: {
    ENDED: { description: 'Its event was ended.' },
    STOPPED: { description: 'It was stopped by hand.' },
    LEASE_EXPIRED: { description: 'Its event’s lease ran out.' },
    MAX_DURATION: { description: 'It reached the longest duration allowed.' },
    CAMERA_LOST: {
      description: 'The camera went away for good, or came back in a form that one file cannot hold.',
    },
    SHUTDOWN: { description: 'The server could not go on, for example because its disk took nothing more.' },
    NODE_LOST: { description: 'The server was lost; the clip was made of what the bucket already had.' },
  },
});

export const Role = builder.enumType('Role', {
  description: 'What a caller may do. Each role may do what is said of it, and nothing else.',
  values: {
    VIEWER: { description: 'Read and subscribe.' },
    ANALYTICS: {
      description: 'Report, renew and end events; read cameras and its own events with their playbacks.',
    },
    OPERATOR: { description: 'What VIEWER and ANALYTICS may; record by hand, delete and retry playbacks.' },
    ADMIN: { description: 'Everything: also cameras and keys.' },
  },
});

export const Fault = builder.enumType('Fault', {
  description: 'Who has to act on a failure.',
  values: {
    CAMERA: { description: 'Whoever looks after the camera or its network.' },
    STORAGE: { description: 'Whoever looks after the bucket or the disk.' },
    SERVER: { description: 'Whoever runs Flashback.' },
  },
});
