/* eslint-disable */
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type Maybe<T> = T | null;
export type InputMaybe<T> = T | null | undefined;
export type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
export type MakeOptional<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]?: Maybe<T[SubKey]> };
export type MakeMaybe<T, K extends keyof T> = Omit<T, K> & { [SubKey in K]: Maybe<T[SubKey]> };
export type MakeEmpty<T extends { [key: string]: unknown }, K extends keyof T> = { [_ in K]?: never };
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A whole number beyond 32 bits, as a JSON integer. */
  BigInt: { input: number; output: number; }
  /** A moment, as RFC 3339 writes it, in UTC and with milliseconds. */
  DateTime: { input: string; output: string; }
  /** Any JSON value. */
  JSON: { input: unknown; output: unknown; }
  /** An absolute address. */
  URL: { input: string; output: string; }
};

/** A key by which a program or a person may call. Its secret is shown once, when it is made. */
export type ApiKey = {
  __typename?: 'ApiKey';
  /** The only cameras that it may see and use; null: all. */
  cameraIds?: Maybe<Array<Scalars['ID']['output']>>;
  /** When it was made. */
  createdAt: Scalars['DateTime']['output'];
  /** It stops working then; null: never. */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** The key’s id. */
  id: Scalars['ID']['output'];
  /** When it was last used, to the minute; null: never. */
  lastUsedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Whose it is. Keys of one name stand for one service and share its events. */
  name: Scalars['String']['output'];
  /** When it was revoked; null while it was not. */
  revokedAt?: Maybe<Scalars['DateTime']['output']>;
  /** What it may do. */
  role: Role;
};

/** A stream address and how to record it. */
export type Camera = {
  __typename?: 'Camera';
  /** Whether TLS 1.0 and 1.1 are accepted, which old firmware needs. */
  allowOldTls: Scalars['Boolean']['output'];
  /** The sound’s codec in clips (RFC 6381). */
  audioCodec?: Maybe<Scalars['String']['output']>;
  /** Its channel at the recorder or encoder it hangs on. */
  channel: Scalars['Int']['output'];
  /** The video’s codec (RFC 6381), known once it was live. */
  codec?: Maybe<Scalars['String']['output']>;
  /** When it was added. */
  createdAt: Scalars['DateTime']['output'];
  /** Whether it is used at all. */
  enabled: Scalars['Boolean']['output'];
  /** The camera’s id. */
  id: Scalars['ID']['output'];
  /** Why it is not live, in words. */
  lastError?: Maybe<Scalars['String']['output']>;
  /** A recording ends after this many seconds at the latest. */
  maxDurationSec: Scalars['Int']['output'];
  /** The name people know it by. */
  name: Scalars['String']['output'];
  /** The camera’s playbacks, newest first. */
  playbacks: PlaybackConnection;
  /** Seconds recorded after the end of an event. */
  postRollSec: Scalars['Int']['output'];
  /** Seconds of footage kept from before an event. 0: no standing connection. */
  preRollSec: Scalars['Int']['output'];
  /** What reads its stream. */
  reader: CameraReader;
  /** How its stream is read; null until it was live. */
  reading?: Maybe<CameraReading>;
  /** The types of events that are recorded. */
  recordOn: Array<EventType>;
  /** Like 1920x1080, known once it was live. */
  resolution?: Maybe<Scalars['String']['output']>;
  /** The stream’s address without user name and password; a password among its parameters is shown as ***. */
  rtspUrl: Scalars['String']['output'];
  /** A JPEG of the newest keyframe in the buffer; null while there is none. */
  snapshotUrl?: Maybe<Scalars['URL']['output']>;
  /** What its feed is doing now. */
  state: CameraState;
  /** Since when it is in this state. */
  stateSince: Scalars['DateTime']['output'];
  /** Which certificate of an rtsps:// address is accepted. */
  tls: CameraTls;
  /** SHA-256 of the certificate that is accepted with PINNED; null until the camera has shown one. */
  tlsFingerprint?: Maybe<Scalars['String']['output']>;
  /** Over what its stream is asked for. */
  transport: CameraTransport;
  /** When its row last changed. */
  updatedAt: Scalars['DateTime']['output'];
};


/** A stream address and how to record it. */
export type CameraPlaybacksArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<PlaybackFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** What reads a camera’s stream. */
export type CameraReader =
  /** Flashback’s own reader; ffmpeg for what that one names as not its own. */
  | 'AUTO'
  /** An ffmpeg process for this camera, which needs more memory and processor. */
  | 'FFMPEG';

/** How a camera’s stream is read. */
export type CameraReading = {
  __typename?: 'CameraReading';
  /** Bits per second of the pictures in the buffer; null while it holds less than two. */
  bitsPerSec?: Maybe<Scalars['Float']['output']>;
  /** Pictures per second in the buffer; null while it holds less than two. */
  framesPerSec?: Maybe<Scalars['Float']['output']>;
  /** Seconds from keyframe to keyframe in the buffer; null while it holds less than two. */
  keyframeIntervalSec?: Maybe<Scalars['Float']['output']>;
  /** FLASHBACK, the server’s own reader, or FFMPEG, a process beside it. */
  reader: Scalars['String']['output'];
  /** Why it is not read in the usual way, in words; null where it is. */
  reason?: Maybe<Scalars['String']['output']>;
  /** Why clips are without the sound that is announced, in words; null where they have it. */
  soundLeftOut?: Maybe<Scalars['String']['output']>;
  /** TCP or UDP. */
  transport: Scalars['String']['output'];
};

/** What the camera’s feed is doing now. */
export type CameraState =
  /** A connection is being made; no picture has come yet. */
  | 'CONNECTING'
  /** Switched off in Flashback. */
  | 'DISABLED'
  /** Without pre-roll and without a recording: no connection is wanted. */
  | 'IDLE'
  /** Pictures come; the ring holds the newest. */
  | 'LIVE'
  /** The camera cannot be reached or refuses; it is tried again. `lastError` says why. */
  | 'OFFLINE';

/** Which certificate of a camera with an rtsps:// address is accepted. */
export type CameraTls =
  /** Any: whoever answers at the address could be somebody else. */
  | 'ANY'
  /** The one that it showed first; another one is an error. */
  | 'PINNED'
  /** One for its name, from an authority that this server trusts. */
  | 'VERIFY';

/** Over what a camera’s stream is asked for. */
export type CameraTransport =
  /** Over TCP; over UDP where the camera refuses TCP. */
  | 'AUTO'
  /** Inside the RTSP connection: nothing is lost or out of order. */
  | 'TCP'
  /** In datagrams; what the network loses is missing in clips. */
  | 'UDP';

/** A new key. */
export type CreateApiKeyInput = {
  /** The only cameras that it may see and use; all if left out. Not for ADMIN. */
  cameraIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** It stops working then; never if left out. */
  expiresAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** Whose it is: 1 to 100 characters. */
  name: Scalars['String']['input'];
  /** What it may do. */
  role: Role;
};

/** The key and its secret. */
export type CreateApiKeyPayload = {
  __typename?: 'CreateApiKeyPayload';
  /** The key. */
  apiKey: ApiKey;
  /** What to send as `Authorization: Bearer …`. It is shown this once and kept nowhere. */
  secret: Scalars['String']['output'];
};

/** A new camera. */
export type CreateCameraInput = {
  /** Whether TLS 1.0 and 1.1 are accepted, which old firmware needs. */
  allowOldTls?: InputMaybe<Scalars['Boolean']['input']>;
  /** Its channel at the recorder or encoder it hangs on: 0 to 65535. */
  channel?: InputMaybe<Scalars['Int']['input']>;
  /** Whether it is used at all. */
  enabled?: InputMaybe<Scalars['Boolean']['input']>;
  /** A recording ends after this many seconds at the latest: 1 to 86400. */
  maxDurationSec?: InputMaybe<Scalars['Int']['input']>;
  /** The name people know it by: 1 to 200 characters. */
  name: Scalars['String']['input'];
  /** Seconds recorded after the end of an event: 0 to 300. */
  postRollSec?: InputMaybe<Scalars['Int']['input']>;
  /** Seconds of footage kept from before an event: 0 to 60. 0: no standing connection, connect when an event comes. */
  preRollSec?: InputMaybe<Scalars['Int']['input']>;
  /** What reads its stream. */
  reader?: InputMaybe<CameraReader>;
  /** The types of events that are recorded. */
  recordOn?: InputMaybe<Array<EventType>>;
  /** The stream’s address, rtsp:// or rtsps://, with user name and password where the camera wants them (percent-encoded). */
  rtspUrl: Scalars['String']['input'];
  /** Which certificate of an rtsps:// address is accepted. */
  tls?: InputMaybe<CameraTls>;
  /** Over what its stream is asked for. */
  transport?: InputMaybe<CameraTransport>;
};

/** The camera as it was made. */
export type CreateCameraPayload = {
  __typename?: 'CreateCameraPayload';
  /** The camera. */
  camera: Camera;
};

/** Something that happens at a camera. */
export type CreateEventInput = {
  /** Where it happens. */
  cameraId: Scalars['ID']['input'];
  /** What happens, in words: 1 to 2000 characters. */
  description?: InputMaybe<Scalars['String']['input']>;
  /** Same key, same camera: the same event comes back and nothing is recorded twice. 1 to 200 characters. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** What happens, in a word or two: 1 to 200 characters. */
  label?: InputMaybe<Scalars['String']['input']>;
  /** The recording stops this long after creation, or after the last renewEvent, unless endEvent comes first: 1 to 86400. */
  leaseSec?: InputMaybe<Scalars['Int']['input']>;
  /** Whatever is to be kept with it: at most 64 KiB as JSON, and 32 levels deep. */
  metadata?: InputMaybe<Scalars['JSON']['input']>;
  /** When it happened; now if left out. In the past as far as the camera’s pre-roll reaches. */
  startedAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** What happens; decides whether it is recorded. */
  type: EventType;
};

/** The event, and its recording. */
export type CreateEventPayload = {
  __typename?: 'CreateEventPayload';
  /** The event. */
  event: Event;
  /** Its recording; null where the camera does not record on this type. */
  playback?: Maybe<Playback>;
};

/** What was deleted. */
export type DeleteCameraPayload = {
  __typename?: 'DeleteCameraPayload';
  /** The id of the camera that is gone. */
  id: Scalars['ID']['output'];
};

/** What was deleted. */
export type DeletePlaybackPayload = {
  __typename?: 'DeletePlaybackPayload';
  /** The id of the playback that is gone. */
  id: Scalars['ID']['output'];
};

/** The end of an event. */
export type EndEventInput = {
  /** When it ended, not before it started; now if left out. */
  endedAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** The event’s id. */
  id: Scalars['ID']['input'];
};

/** Ending an event twice returns the same as ending it once. */
export type EndEventPayload = {
  __typename?: 'EndEventPayload';
  /** The event. */
  event: Event;
  /** Its recording; null where the camera does not record on this type. */
  playback?: Maybe<Playback>;
};

/** Why a recording stopped. LEASE_EXPIRED and MAX_DURATION stop it without an endEvent. */
export type EndReason =
  /** The camera went away for good, or came back in a form that one file cannot hold. */
  | 'CAMERA_LOST'
  /** Its event was ended. */
  | 'ENDED'
  /** Its event’s lease ran out. */
  | 'LEASE_EXPIRED'
  /** It reached the longest duration allowed. */
  | 'MAX_DURATION'
  /** The server was lost; the clip was made of what the bucket already had. */
  | 'NODE_LOST'
  /** The server could not go on, for example because its disk took nothing more. */
  | 'SHUTDOWN'
  /** It was stopped by hand. */
  | 'STOPPED';

/** Something that happened at a camera; open until it is ended. */
export type Event = {
  __typename?: 'Event';
  /** Where it happened. */
  camera: Camera;
  /** The camera’s channel when it happened. */
  channel: Scalars['Int']['output'];
  /** When it was reported. */
  createdAt: Scalars['DateTime']['output'];
  /** What happened, in words. */
  description?: Maybe<Scalars['String']['output']>;
  /** When it ended; null while it is open. */
  endedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The event’s id. */
  id: Scalars['ID']['output'];
  /** What happened, in a word or two. */
  label?: Maybe<Scalars['String']['output']>;
  /** It ends then unless it is renewed; null without a lease. */
  leaseExpiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** Whatever the service that reported it wants kept. */
  metadata?: Maybe<Scalars['JSON']['output']>;
  /** Its recordings, oldest first: none where the camera does not record on its type. */
  playbacks: Array<Playback>;
  /** When it happened. */
  startedAt: Scalars['DateTime']['output'];
  /** What happened. */
  type: EventType;
};

/** Events, newest first, paged by cursor. */
export type EventConnection = {
  __typename?: 'EventConnection';
  /** The page’s events with their cursors. */
  edges: Array<EventEdge>;
  /** The page’s events. */
  nodes: Array<Event>;
  /** Where the page stands. */
  pageInfo: PageInfo;
  /** All events that match; costs a count. */
  totalCount: Scalars['Int']['output'];
};

/** An event in a connection, with its cursor. */
export type EventEdge = {
  __typename?: 'EventEdge';
  /** Its place in the list. */
  cursor: Scalars['String']['output'];
  /** The event. */
  node: Event;
};

/** Which events: those to which everything given applies. */
export type EventFilter = {
  /** Of this camera. */
  cameraId?: InputMaybe<Scalars['ID']['input']>;
  /** true: not ended yet; false: ended. */
  open?: InputMaybe<Scalars['Boolean']['input']>;
  /** With all of these words in the event’s label, description or metadata: whole words, large or small letters alike. */
  search?: InputMaybe<Scalars['String']['input']>;
  /** Started later than this. */
  startedAfter?: InputMaybe<Scalars['DateTime']['input']>;
  /** Started earlier than this. */
  startedBefore?: InputMaybe<Scalars['DateTime']['input']>;
  /** Of one of these types. */
  type?: InputMaybe<Array<EventType>>;
};

/** What happened at the camera. */
export type EventType =
  /** An animal was seen. */
  | 'ANIMAL'
  /** Somebody entered a zone. */
  | 'INTRUSION'
  /** Somebody or something crossed a line. */
  | 'LINE_CROSSING'
  /** Something moved. */
  | 'MOTION'
  /** Anything else; `label` says what. */
  | 'OTHER'
  /** A person was seen. */
  | 'PERSON'
  /** A sound was heard. */
  | 'SOUND'
  /** The camera was covered, turned or defocused. */
  | 'TAMPER'
  /** A vehicle was seen. */
  | 'VEHICLE';

/** Who has to act on a failure. */
export type Fault =
  /** Whoever looks after the camera or its network. */
  | 'CAMERA'
  /** Whoever runs Flashback. */
  | 'SERVER'
  /** Whoever looks after the bucket or the disk. */
  | 'STORAGE';

/** A stretch inside a clip in which the camera delivered nothing. */
export type Gap = {
  __typename?: 'Gap';
  /** When the last picture before it was over. */
  from: Scalars['DateTime']['output'];
  /** When the first picture after it was taken. */
  to: Scalars['DateTime']['output'];
};

/** Who is calling. */
export type Me = {
  __typename?: 'Me';
  /** The only cameras that the caller may see and use; null: all. */
  cameraIds?: Maybe<Array<Scalars['ID']['output']>>;
  /** The key’s name, or the token’s subject. */
  name: Scalars['String']['output'];
  /** What the caller may do. */
  role: Role;
};

/** What can be done. */
export type Mutation = {
  __typename?: 'Mutation';
  /** Makes a key. The first key closes the server to everybody without one, so make an ADMIN first. For ADMIN. */
  createApiKey: CreateApiKeyPayload;
  /** Adds a camera. Unless it has no pre-roll, Flashback connects at once and stays connected. For ADMIN. */
  createCamera: CreateCameraPayload;
  /** Something happens at a camera. Where its type is recorded, the recording has begun when this answers. */
  createEvent: CreateEventPayload;
  /** Playbacks of the camera are deleted with it, their objects too. For ADMIN. */
  deleteCamera: DeleteCameraPayload;
  /** Removes the row and every object of it; safe to repeat. A recording that runs is stopped first. */
  deletePlayback: DeletePlaybackPayload;
  /** The event is over: its recording stops, is finished and put into the store in the background. */
  endEvent: EndEventPayload;
  /** The event goes on: its lease runs from now. CONFLICT once it has ended. */
  renewEvent: RenewEventPayload;
  /** Takes up a FAILED playback again whose footage is still held locally. */
  retryPlayback: RetryPlaybackPayload;
  /** The key stops working; whoever is connected with it is cut off within seconds. For ADMIN. */
  revokeApiKey: RevokeApiKeyPayload;
  /** A recording by hand, without an event. It begins with the camera’s pre-roll. */
  startRecording: StartRecordingPayload;
  /** Stops a recording now, whether it was started by hand or by an event. Safe to repeat. */
  stopRecording: StopRecordingPayload;
  /** Connects to a camera without saving anything; answers within ten seconds. For ADMIN. */
  testCamera: TestCameraPayload;
  /** Changes a camera. Recordings that run go on. For ADMIN. */
  updateCamera: UpdateCameraPayload;
};


/** What can be done. */
export type MutationCreateApiKeyArgs = {
  input: CreateApiKeyInput;
};


/** What can be done. */
export type MutationCreateCameraArgs = {
  input: CreateCameraInput;
};


/** What can be done. */
export type MutationCreateEventArgs = {
  input: CreateEventInput;
};


/** What can be done. */
export type MutationDeleteCameraArgs = {
  id: Scalars['ID']['input'];
};


/** What can be done. */
export type MutationDeletePlaybackArgs = {
  id: Scalars['ID']['input'];
};


/** What can be done. */
export type MutationEndEventArgs = {
  input: EndEventInput;
};


/** What can be done. */
export type MutationRenewEventArgs = {
  input: RenewEventInput;
};


/** What can be done. */
export type MutationRetryPlaybackArgs = {
  id: Scalars['ID']['input'];
};


/** What can be done. */
export type MutationRevokeApiKeyArgs = {
  id: Scalars['ID']['input'];
};


/** What can be done. */
export type MutationStartRecordingArgs = {
  input: StartRecordingInput;
};


/** What can be done. */
export type MutationStopRecordingArgs = {
  playbackId: Scalars['ID']['input'];
};


/** What can be done. */
export type MutationTestCameraArgs = {
  input: TestCameraInput;
};


/** What can be done. */
export type MutationUpdateCameraArgs = {
  input: UpdateCameraInput;
};

/** Where a page of a connection stands in the whole list. */
export type PageInfo = {
  __typename?: 'PageInfo';
  /** Cursor of the page’s last item. */
  endCursor?: Maybe<Scalars['String']['output']>;
  /** Whether older items follow. */
  hasNextPage: Scalars['Boolean']['output'];
  /** Whether newer items precede. */
  hasPreviousPage: Scalars['Boolean']['output'];
  /** Cursor of the page’s first item. */
  startCursor?: Maybe<Scalars['String']['output']>;
};

/** The recording of an event: a status, and later a clip. */
export type Playback = {
  __typename?: 'Playback';
  /** The sound’s codec (RFC 6381); null without sound. */
  audioCodec?: Maybe<Scalars['String']['output']>;
  /** The camera that was recorded. */
  camera: Camera;
  /** Wall-clock time of the clip’s first frame; before startedAt where there is pre-roll. */
  clipStartedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The video’s codec (RFC 6381). */
  codec?: Maybe<Scalars['String']['output']>;
  /** When it was made. */
  createdAt: Scalars['DateTime']['output'];
  /** The same file, for browsers: they save it, named like 2026-11-28_14-02-11_front-door_person.mp4. */
  downloadUrl?: Maybe<Scalars['URL']['output']>;
  /** The clip’s length in milliseconds. */
  durationMs?: Maybe<Scalars['Int']['output']>;
  /** The clip’s length in whole seconds. */
  durationSec?: Maybe<Scalars['Int']['output']>;
  /** Why the recording stopped. */
  endReason?: Maybe<EndReason>;
  /** When the event ended. Null while recording. */
  endedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Why it failed, in words. */
  errorMessage?: Maybe<Scalars['String']['output']>;
  /** Null for a recording started by hand, and after its event was deleted. */
  event?: Maybe<Event>;
  /** Why there is no clip. Null unless FAILED. */
  failure?: Maybe<PlaybackFailure>;
  /** The clip’s size in the store. */
  fileSizeBytes?: Maybe<Scalars['BigInt']['output']>;
  /** Stretches inside the clip in which the camera delivered nothing. */
  gaps: Array<Gap>;
  /** The playback’s id. */
  id: Scalars['ID']['output'];
  /** Watchable while recording and while processing: an HLS playlist. Null otherwise. */
  liveUrl?: Maybe<Scalars['URL']['output']>;
  /** How much of the beginning is missing because the camera was not live yet, in milliseconds. */
  missedMs?: Maybe<Scalars['Int']['output']>;
  /** Up to this moment the footage is in the bucket while it is recorded: it would survive the loss of the server. Null where nothing of it is there yet. */
  offsiteUntil?: Maybe<Scalars['DateTime']['output']>;
  /** How much of the clip lies before startedAt, in milliseconds. */
  preRollMs?: Maybe<Scalars['Int']['output']>;
  /** Where it stands. */
  recordingStatus: RecordingStatus;
  /** Like 1920x1080. */
  resolution?: Maybe<Scalars['String']['output']>;
  /** When the event happened (or the recording was asked for). */
  startedAt: Scalars['DateTime']['output'];
  /** A JPEG from the clip. */
  thumbnailUrl?: Maybe<Scalars['URL']['output']>;
  /** Every transition so far, oldest first. */
  transitions: Array<PlaybackTransition>;
  /** When its row last changed. */
  updatedAt: Scalars['DateTime']['output'];
  /** The finished MP4. Null until COMPLETED, and never set for an object that is not in the store. */
  videoUrl?: Maybe<Scalars['URL']['output']>;
};


/** The recording of an event: a status, and later a clip. */
export type PlaybackDownloadUrlArgs = {
  timeZone?: InputMaybe<Scalars['String']['input']>;
};

/** Playbacks, newest first, paged by cursor. */
export type PlaybackConnection = {
  __typename?: 'PlaybackConnection';
  /** The page’s playbacks with their cursors. */
  edges: Array<PlaybackEdge>;
  /** The page’s playbacks. */
  nodes: Array<Playback>;
  /** Where the page stands. */
  pageInfo: PageInfo;
  /** All playbacks that match; costs a count. */
  totalCount: Scalars['Int']['output'];
};

/** A playback in a connection, with its cursor. */
export type PlaybackEdge = {
  __typename?: 'PlaybackEdge';
  /** Its place in the list. */
  cursor: Scalars['String']['output'];
  /** The playback. */
  node: Playback;
};

/** Why there is no clip. */
export type PlaybackFailure = {
  __typename?: 'PlaybackFailure';
  /** The failure’s name, for programs. */
  code: Scalars['String']['output'];
  /** Who has to act. */
  fault: Fault;
  /** What went wrong, for the person who has to act. */
  message: Scalars['String']['output'];
  /** Whether retryPlayback can help: the footage is held. */
  retryable: Scalars['Boolean']['output'];
};

/** Which playbacks: those to which everything given applies. */
export type PlaybackFilter = {
  /** Of this camera. */
  cameraId?: InputMaybe<Scalars['ID']['input']>;
  /** Of this event. */
  eventId?: InputMaybe<Scalars['ID']['input']>;
  /** Of events of one of these types; those recorded by hand are of none. */
  eventType?: InputMaybe<Array<EventType>>;
  /** In one of these. */
  recordingStatus?: InputMaybe<Array<RecordingStatus>>;
  /** With all of these words in the event’s label, description or metadata: whole words, large or small letters alike. */
  search?: InputMaybe<Scalars['String']['input']>;
  /** Started later than this. */
  startedAfter?: InputMaybe<Scalars['DateTime']['input']>;
  /** Started earlier than this. */
  startedBefore?: InputMaybe<Scalars['DateTime']['input']>;
};

/** One numbered page, newest first. `total` and `totalPages` cost a count only when selected. */
export type PlaybackPage = {
  __typename?: 'PlaybackPage';
  /** The page’s playbacks. */
  items: Array<Playback>;
  /** The page’s number, from 1. */
  page: Scalars['Int']['output'];
  /** Playbacks on a full page. */
  pageSize: Scalars['Int']['output'];
  /** All playbacks that match. */
  total: Scalars['Int']['output'];
  /** Pages that they fill. */
  totalPages: Scalars['Int']['output'];
};

/** One change of a playback’s status. */
export type PlaybackTransition = {
  __typename?: 'PlaybackTransition';
  /** When it changed. */
  at: Scalars['DateTime']['output'];
  /** Opaque position in the stream of transitions; pass the last one seen as `after` to resume. */
  cursor: Scalars['String']['output'];
  /** The status before; null for the first. */
  from?: Maybe<RecordingStatus>;
  /** The playback as it is now. */
  playback: Playback;
  /** The status from then on. */
  to: RecordingStatus;
};

/** What can be looked up. */
export type Query = {
  __typename?: 'Query';
  /** All keys, oldest first, with those revoked and expired; without those of API_KEYS. For ADMIN. */
  apiKeys: Array<ApiKey>;
  /** One camera; null where there is none with this id. */
  camera?: Maybe<Camera>;
  /** All cameras, by name. */
  cameras: Array<Camera>;
  /** One event; null where there is none with this id. */
  event?: Maybe<Event>;
  /** Events by cursor, newest first. */
  events: EventConnection;
  /** Who is calling, as the server sees it. */
  me: Me;
  /** One playback; null where there is none with this id. */
  playback?: Maybe<Playback>;
  /** Playbacks by cursor, newest first. */
  playbackConnection: PlaybackConnection;
  /** Playbacks by numbered pages, newest first. */
  playbacks: PlaybackPage;
  /** Why the store takes no clips now: they wait in PROCESSING, and go on by themselves. null while it takes them. */
  storeProblem?: Maybe<Scalars['String']['output']>;
};


/** What can be looked up. */
export type QueryCameraArgs = {
  id: Scalars['ID']['input'];
};


/** What can be looked up. */
export type QueryEventArgs = {
  id: Scalars['ID']['input'];
};


/** What can be looked up. */
export type QueryEventsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<EventFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** What can be looked up. */
export type QueryPlaybackArgs = {
  id: Scalars['ID']['input'];
};


/** What can be looked up. */
export type QueryPlaybackConnectionArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<PlaybackFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** What can be looked up. */
export type QueryPlaybacksArgs = {
  filter?: InputMaybe<PlaybackFilter>;
  page?: InputMaybe<Scalars['Int']['input']>;
  pageSize?: InputMaybe<Scalars['Int']['input']>;
};

/** Where a playback stands: PENDING → RECORDING → PROCESSING → COMPLETED or FAILED. */
export type RecordingStatus =
  /** The clip is in the store, with the size that the playback says. */
  | 'COMPLETED'
  /** There will be no clip, unless it is retried; `failure` says why. */
  | 'FAILED'
  /** Asked for; no recorder has taken it up yet. */
  | 'PENDING'
  /** All footage is on disk; the clip is being made and put into the store. */
  | 'PROCESSING'
  /** A recorder has taken it up and keeps whatever the camera delivers. */
  | 'RECORDING';

/** A new lease for an event that goes on. */
export type RenewEventInput = {
  /** The event’s id. */
  id: Scalars['ID']['input'];
  /** It ends this long from now unless it is renewed again: 1 to 86400. */
  leaseSec: Scalars['Int']['input'];
};

/** The event with its new lease. */
export type RenewEventPayload = {
  __typename?: 'RenewEventPayload';
  /** The event. */
  event: Event;
};

/** The playback that is being finished again. */
export type RetryPlaybackPayload = {
  __typename?: 'RetryPlaybackPayload';
  /** The playback. */
  playback: Playback;
};

/** The key that was revoked. */
export type RevokeApiKeyPayload = {
  __typename?: 'RevokeApiKeyPayload';
  /** The key. */
  apiKey: ApiKey;
};

/** What a caller may do. Each role may do what is said of it, and nothing else. */
export type Role =
  /** Everything: also cameras and keys. */
  | 'ADMIN'
  /** Report, renew and end events; read cameras and its own events with their playbacks. */
  | 'ANALYTICS'
  /** What VIEWER and ANALYTICS may; record by hand, delete and retry playbacks. */
  | 'OPERATOR'
  /** Read and subscribe. */
  | 'VIEWER';

/** A recording by hand. */
export type StartRecordingInput = {
  /** The camera to record. */
  cameraId: Scalars['ID']['input'];
  /** It stops by itself after this many seconds: 1 to the camera’s maxDurationSec, which is also the default. */
  durationSec?: InputMaybe<Scalars['Int']['input']>;
};

/** The recording that was started. */
export type StartRecordingPayload = {
  __typename?: 'StartRecordingPayload';
  /** The playback. */
  playback: Playback;
};

/** The recording that was stopped. */
export type StopRecordingPayload = {
  __typename?: 'StopRecordingPayload';
  /** The playback. */
  playback: Playback;
};

/** What can be watched, over WebSocket (graphql-transport-ws) or SSE. */
export type Subscription = {
  __typename?: 'Subscription';
  /** The camera’s present state first, then each change; of all cameras where no id is given. */
  cameraStateChanged: Camera;
  /**
   * Transitions of the playbacks that match. Without `after`, the newest transition of every matching playback
   * that is not yet COMPLETED or FAILED comes first (and, where the filter names one event, of its playbacks
   * whatever their status), then each transition as it happens. With `after`, every transition since that cursor,
   * then live. In order per playback, none left out.
   */
  playbackStatusChanged: PlaybackTransition;
};


/** What can be watched, over WebSocket (graphql-transport-ws) or SSE. */
export type SubscriptionCameraStateChangedArgs = {
  cameraId?: InputMaybe<Scalars['ID']['input']>;
};


/** What can be watched, over WebSocket (graphql-transport-ws) or SSE. */
export type SubscriptionPlaybackStatusChangedArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<PlaybackFilter>;
};

/** How to connect to a camera, as createCamera takes it. */
export type TestCameraInput = {
  /** Whether TLS 1.0 and 1.1 are accepted. Left out: as set for the camera that is there, or false. */
  allowOldTls?: InputMaybe<Scalars['Boolean']['input']>;
  /** A camera that is there: its address as the API shows it stands for that with credentials. */
  cameraId?: InputMaybe<Scalars['ID']['input']>;
  /** What reads its stream. Left out: as set for the camera that is there, or AUTO. */
  reader?: InputMaybe<CameraReader>;
  /** The stream’s address, rtsp:// or rtsps://. */
  rtspUrl: Scalars['String']['input'];
  /** Which certificate of an rtsps:// address is accepted. Left out: as set for the camera that is there, or PINNED. */
  tls?: InputMaybe<CameraTls>;
  /** Over what its stream is asked for. Left out: as set for the camera that is there, or AUTO. */
  transport?: InputMaybe<CameraTransport>;
};

/** What a look at the camera’s stream has shown. */
export type TestCameraPayload = {
  __typename?: 'TestCameraPayload';
  /** The sound’s codec in clips (RFC 6381). */
  audioCodec?: Maybe<Scalars['String']['output']>;
  /** Bits per second of the pictures. */
  bitsPerSec?: Maybe<Scalars['Float']['output']>;
  /** The video’s codec (RFC 6381). */
  codec?: Maybe<Scalars['String']['output']>;
  /** Pictures per second. */
  framesPerSec?: Maybe<Scalars['Float']['output']>;
  /** Seconds from keyframe to keyframe; null where no second one was seen. */
  keyframeIntervalSec?: Maybe<Scalars['Float']['output']>;
  /** A JPEG of the first picture, as a data: URL. */
  picture?: Maybe<Scalars['String']['output']>;
  /** Why it cannot be recorded, in words; null where it can. */
  problem?: Maybe<Scalars['String']['output']>;
  /** How its stream was read. */
  reading?: Maybe<CameraReading>;
  /** Like 1920x1080. */
  resolution?: Maybe<Scalars['String']['output']>;
};

/** What is to change of a camera. What is left out (or null) stays. */
export type UpdateCameraInput = {
  /** true: the next certificate that the camera shows is the one that PINNED accepts from then on. */
  acceptCertificate?: InputMaybe<Scalars['Boolean']['input']>;
  /** Whether TLS 1.0 and 1.1 are accepted, which old firmware needs. */
  allowOldTls?: InputMaybe<Scalars['Boolean']['input']>;
  /** Its channel at the recorder or encoder it hangs on: 0 to 65535. */
  channel?: InputMaybe<Scalars['Int']['input']>;
  /** Whether it is used at all. */
  enabled?: InputMaybe<Scalars['Boolean']['input']>;
  /** The camera’s id. */
  id: Scalars['ID']['input'];
  /** A recording ends after this many seconds at the latest: 1 to 86400. */
  maxDurationSec?: InputMaybe<Scalars['Int']['input']>;
  /** The name people know it by: 1 to 200 characters. */
  name?: InputMaybe<Scalars['String']['input']>;
  /** Seconds recorded after the end of an event: 0 to 300. */
  postRollSec?: InputMaybe<Scalars['Int']['input']>;
  /** Seconds of footage kept from before an event: 0 to 60. 0: no standing connection, connect when an event comes. */
  preRollSec?: InputMaybe<Scalars['Int']['input']>;
  /** What reads its stream. */
  reader?: InputMaybe<CameraReader>;
  /** The types of events that are recorded. */
  recordOn?: InputMaybe<Array<EventType>>;
  /** The stream’s address, rtsp:// or rtsps://, with user name and password where the camera wants them (percent-encoded). The address as the API shows it, without credentials, leaves those in place. */
  rtspUrl?: InputMaybe<Scalars['String']['input']>;
  /** Which certificate of an rtsps:// address is accepted. */
  tls?: InputMaybe<CameraTls>;
  /** Over what its stream is asked for. */
  transport?: InputMaybe<CameraTransport>;
};

/** The camera as it is now. */
export type UpdateCameraPayload = {
  __typename?: 'UpdateCameraPayload';
  /** The camera. */
  camera: Camera;
};

export type AnalyticsBeginMutationVariables = Exact<{
  input: CreateEventInput;
}>;


export type AnalyticsBeginMutation = { __typename?: 'Mutation', createEvent: { __typename?: 'CreateEventPayload', event: { __typename?: 'Event', id: string, leaseExpiresAt?: string | null }, playback?: { __typename?: 'Playback', id: string, recordingStatus: RecordingStatus } | null } };

export type AnalyticsRenewMutationVariables = Exact<{
  id: Scalars['ID']['input'];
  leaseSec: Scalars['Int']['input'];
}>;


export type AnalyticsRenewMutation = { __typename?: 'Mutation', renewEvent: { __typename?: 'RenewEventPayload', event: { __typename?: 'Event', id: string, leaseExpiresAt?: string | null } } };

export type AnalyticsEndMutationVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type AnalyticsEndMutation = { __typename?: 'Mutation', endEvent: { __typename?: 'EndEventPayload', event: { __typename?: 'Event', id: string, endedAt?: string | null } } };

export type DemoCamerasQueryVariables = Exact<{ [key: string]: never; }>;


export type DemoCamerasQuery = { __typename?: 'Query', cameras: Array<{ __typename?: 'Camera', id: string, name: string }> };

export type DemoCreateCameraMutationVariables = Exact<{
  input: CreateCameraInput;
}>;


export type DemoCreateCameraMutation = { __typename?: 'Mutation', createCamera: { __typename?: 'CreateCameraPayload', camera: { __typename?: 'Camera', id: string } } };

export type DemoUpdateCameraMutationVariables = Exact<{
  input: UpdateCameraInput;
}>;


export type DemoUpdateCameraMutation = { __typename?: 'Mutation', updateCamera: { __typename?: 'UpdateCameraPayload', camera: { __typename?: 'Camera', id: string } } };

export type DemoCameraStateSubscriptionVariables = Exact<{
  cameraId: Scalars['ID']['input'];
}>;


export type DemoCameraStateSubscription = { __typename?: 'Subscription', cameraStateChanged: { __typename?: 'Camera', state: CameraState, lastError?: string | null, codec?: string | null, audioCodec?: string | null, resolution?: string | null } };

export type DemoCreateEventMutationVariables = Exact<{
  input: CreateEventInput;
}>;


export type DemoCreateEventMutation = { __typename?: 'Mutation', createEvent: { __typename?: 'CreateEventPayload', event: { __typename?: 'Event', id: string }, playback?: { __typename?: 'Playback', id: string, recordingStatus: RecordingStatus } | null } };

export type DemoEndEventMutationVariables = Exact<{
  input: EndEventInput;
}>;


export type DemoEndEventMutation = { __typename?: 'Mutation', endEvent: { __typename?: 'EndEventPayload', event: { __typename?: 'Event', endedAt?: string | null } } };

export type DemoTransitionsSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type DemoTransitionsSubscription = { __typename?: 'Subscription', playbackStatusChanged: { __typename?: 'PlaybackTransition', at: string, from?: RecordingStatus | null, to: RecordingStatus, playback: { __typename?: 'Playback', id: string } } };

export type DemoPlaybackQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type DemoPlaybackQuery = { __typename?: 'Query', playback?: { __typename?: 'Playback', startedAt: string, endedAt?: string | null, endReason?: EndReason | null, clipStartedAt?: string | null, preRollMs?: number | null, missedMs?: number | null, durationMs?: number | null, fileSizeBytes?: number | null, codec?: string | null, audioCodec?: string | null, resolution?: string | null, videoUrl?: string | null, thumbnailUrl?: string | null, errorMessage?: string | null } | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const AnalyticsBeginDocument = new TypedDocumentString(`
    mutation AnalyticsBegin($input: CreateEventInput!) {
  createEvent(input: $input) {
    event {
      id
      leaseExpiresAt
    }
    playback {
      id
      recordingStatus
    }
  }
}
    `) as unknown as TypedDocumentString<AnalyticsBeginMutation, AnalyticsBeginMutationVariables>;
export const AnalyticsRenewDocument = new TypedDocumentString(`
    mutation AnalyticsRenew($id: ID!, $leaseSec: Int!) {
  renewEvent(input: {id: $id, leaseSec: $leaseSec}) {
    event {
      id
      leaseExpiresAt
    }
  }
}
    `) as unknown as TypedDocumentString<AnalyticsRenewMutation, AnalyticsRenewMutationVariables>;
export const AnalyticsEndDocument = new TypedDocumentString(`
    mutation AnalyticsEnd($id: ID!) {
  endEvent(input: {id: $id}) {
    event {
      id
      endedAt
    }
  }
}
    `) as unknown as TypedDocumentString<AnalyticsEndMutation, AnalyticsEndMutationVariables>;
export const DemoCamerasDocument = new TypedDocumentString(`
    query DemoCameras {
  cameras {
    id
    name
  }
}
    `) as unknown as TypedDocumentString<DemoCamerasQuery, DemoCamerasQueryVariables>;
export const DemoCreateCameraDocument = new TypedDocumentString(`
    mutation DemoCreateCamera($input: CreateCameraInput!) {
  createCamera(input: $input) {
    camera {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<DemoCreateCameraMutation, DemoCreateCameraMutationVariables>;
export const DemoUpdateCameraDocument = new TypedDocumentString(`
    mutation DemoUpdateCamera($input: UpdateCameraInput!) {
  updateCamera(input: $input) {
    camera {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<DemoUpdateCameraMutation, DemoUpdateCameraMutationVariables>;
export const DemoCameraStateDocument = new TypedDocumentString(`
    subscription DemoCameraState($cameraId: ID!) {
  cameraStateChanged(cameraId: $cameraId) {
    state
    lastError
    codec
    audioCodec
    resolution
  }
}
    `) as unknown as TypedDocumentString<DemoCameraStateSubscription, DemoCameraStateSubscriptionVariables>;
export const DemoCreateEventDocument = new TypedDocumentString(`
    mutation DemoCreateEvent($input: CreateEventInput!) {
  createEvent(input: $input) {
    event {
      id
    }
    playback {
      id
      recordingStatus
    }
  }
}
    `) as unknown as TypedDocumentString<DemoCreateEventMutation, DemoCreateEventMutationVariables>;
export const DemoEndEventDocument = new TypedDocumentString(`
    mutation DemoEndEvent($input: EndEventInput!) {
  endEvent(input: $input) {
    event {
      endedAt
    }
  }
}
    `) as unknown as TypedDocumentString<DemoEndEventMutation, DemoEndEventMutationVariables>;
export const DemoTransitionsDocument = new TypedDocumentString(`
    subscription DemoTransitions {
  playbackStatusChanged {
    at
    from
    to
    playback {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<DemoTransitionsSubscription, DemoTransitionsSubscriptionVariables>;
export const DemoPlaybackDocument = new TypedDocumentString(`
    query DemoPlayback($id: ID!) {
  playback(id: $id) {
    startedAt
    endedAt
    endReason
    clipStartedAt
    preRollMs
    missedMs
    durationMs
    fileSizeBytes
    codec
    audioCodec
    resolution
    videoUrl
    thumbnailUrl
    errorMessage
  }
}
    `) as unknown as TypedDocumentString<DemoPlaybackQuery, DemoPlaybackQueryVariables>;