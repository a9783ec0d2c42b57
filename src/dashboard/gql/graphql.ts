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
  /** A whole number that may need more than 32 bits, as a JSON integer. */
  BigInt: { input: number; output: number; }
  /** A point in time in the format of RFC 3339, in UTC with milliseconds. */
  DateTime: { input: string; output: string; }
  /** Any JSON value. */
  JSON: { input: unknown; output: unknown; }
  /** An absolute URL. */
  URL: { input: string; output: string; }
};

/** A key with which a program or a person calls the API. Its secret is shown once, when the key is made. */
export type ApiKey = {
  __typename?: 'ApiKey';
  /** The only cameras that the key may see and use; null: all. */
  cameraIds?: Maybe<Array<Scalars['ID']['output']>>;
  /** When the key was made. */
  createdAt: Scalars['DateTime']['output'];
  /** When the key expires; null: never. */
  expiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** The key’s id. */
  id: Scalars['ID']['output'];
  /** When the key was last used, to the minute; null: never. */
  lastUsedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The name of the key’s user. Keys with the same name belong to the same service and share its events. */
  name: Scalars['String']['output'];
  /** When the key was revoked; null if it is not revoked. */
  revokedAt?: Maybe<Scalars['DateTime']['output']>;
  /** What the key may do. */
  role: Role;
};

/** A stream address and how to record it. */
export type Camera = {
  __typename?: 'Camera';
  /** Whether TLS 1.0 and 1.1 are accepted. Old firmware needs them. */
  allowOldTls: Scalars['Boolean']['output'];
  /** The sound’s codec in clips (RFC 6381). */
  audioCodec?: Maybe<Scalars['String']['output']>;
  /** The camera’s channel at its recorder or encoder. */
  channel: Scalars['Int']['output'];
  /** The video’s codec (RFC 6381); null until the camera has been live once. */
  codec?: Maybe<Scalars['String']['output']>;
  /** When the camera was added. */
  createdAt: Scalars['DateTime']['output'];
  /** Whether Flashback uses the camera at all. */
  enabled: Scalars['Boolean']['output'];
  /** The camera’s id. */
  id: Scalars['ID']['output'];
  /** Why the camera is not live, or why it cannot be recorded, as a sentence. */
  lastError?: Maybe<Scalars['String']['output']>;
  /** The kind of `lastError`; null if there is none. */
  lastErrorCode?: Maybe<CameraErrorCode>;
  /** A recording ends after at most this many seconds. */
  maxDurationSec: Scalars['Int']['output'];
  /** The name that people know the camera by. */
  name: Scalars['String']['output'];
  /** The id of the server that reads it. For ADMIN; null for others, and while no server does. */
  node?: Maybe<Scalars['ID']['output']>;
  /** The camera’s playbacks, newest first. */
  playbacks: PlaybackConnection;
  /** Seconds recorded after the end of an event. */
  postRollSec: Scalars['Int']['output'];
  /** Seconds of footage kept from before an event. With 0, Flashback connects only when an event comes. */
  preRollSec: Scalars['Int']['output'];
  /** The program that reads the camera’s stream. */
  reader: CameraReader;
  /** How the stream is read; null until the camera has been live once. */
  reading?: Maybe<CameraReading>;
  /** The types of events that are recorded. */
  recordOn: Array<EventType>;
  /** The picture’s size, like 1920x1080; null until the camera has been live once. */
  resolution?: Maybe<Scalars['String']['output']>;
  /** When its playbacks are deleted, beside RETENTION_DAYS. */
  retention: Array<RetentionRule>;
  /** The stream’s address without user name and password. A password among its parameters is shown as ***. */
  rtspUrl: Scalars['String']['output'];
  /** The site whose servers read it (SITE); null: any server does. */
  site?: Maybe<Scalars['String']['output']>;
  /** A JPEG of the newest keyframe in the ring; null while the ring has none. */
  snapshotUrl?: Maybe<Scalars['URL']['output']>;
  /** What its feed is doing now. */
  state: CameraState;
  /** When the camera entered this state. */
  stateSince: Scalars['DateTime']['output'];
  /** Which certificate is accepted from a camera with an rtsps:// address. */
  tls: CameraTls;
  /** The SHA-256 of the certificate that PINNED accepts; null until the camera has shown one. */
  tlsFingerprint?: Maybe<Scalars['String']['output']>;
  /** The transport that is requested from the camera. */
  transport: CameraTransport;
  /** When the camera’s row last changed. */
  updatedAt: Scalars['DateTime']['output'];
};


/** A stream address and how to record it. */
export type CameraPlaybacksArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<PlaybackFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** Why a camera is not live, or why it cannot be recorded. */
export type CameraErrorCode =
  /** The camera refused access (RTSP 403). */
  | 'ACCESS_REFUSED'
  /** PRIVATE_CAMERAS=false forbids the camera’s address. */
  | 'ADDRESS_FORBIDDEN'
  /** The camera allows no further connection (RTSP 453). */
  | 'BUSY'
  /** The connection to the camera was lost. */
  | 'CONNECTION_LOST'
  /** The camera refused the user name or the password, or its address has none. */
  | 'CREDENTIALS'
  /** The host name in the camera’s address is not known. */
  | 'NAME_NOT_FOUND'
  /** What answers at the camera’s address does not speak RTSP, or speaks it wrongly. */
  | 'NOT_RTSP'
  /** The camera sends what cannot be recorded, for example MJPEG. */
  | 'NOT_SUPPORTED'
  /** The camera did not answer in time. */
  | 'NO_ANSWER'
  /** The camera is connected, and sends no picture. */
  | 'NO_PICTURE'
  /** The server that reads the camera begins no recording, for example because its disk is full. */
  | 'NO_ROOM'
  /** No server is there that may read the camera. */
  | 'NO_SERVER'
  /** Another reason; the sentence says which. */
  | 'OTHER'
  /** The camera refused a request for another reason, or could not carry it out. */
  | 'REFUSED'
  /** The camera knows no stream at this path (RTSP 404). */
  | 'STREAM_NOT_FOUND'
  /** The encrypted connection failed, or the camera’s certificate is not accepted. */
  | 'TLS'
  /** Nothing can be reached at the camera’s address. */
  | 'UNREACHABLE';

/** The program that reads a camera’s stream. */
export type CameraReader =
  /** Flashback’s own reader, or ffmpeg for streams that Flashback cannot read. */
  | 'AUTO'
  /** An ffmpeg process for this camera. It needs more memory and processor time. */
  | 'FFMPEG';

/** How a camera’s stream is read. */
export type CameraReading = {
  __typename?: 'CameraReading';
  /** Bits per second of the pictures in the ring; null while the ring holds fewer than two pictures. */
  bitsPerSec?: Maybe<Scalars['Float']['output']>;
  /** Pictures per second in the ring; null while the ring holds fewer than two pictures. */
  framesPerSec?: Maybe<Scalars['Float']['output']>;
  /** Seconds from one keyframe to the next in the ring; null while the ring holds fewer than two keyframes. */
  keyframeIntervalSec?: Maybe<Scalars['Float']['output']>;
  /** FLASHBACK for the server’s own reader, or FFMPEG for a separate ffmpeg process. */
  reader: Scalars['String']['output'];
  /** Why the camera is not read in the usual way, as a sentence; null if it is. */
  reason?: Maybe<Scalars['String']['output']>;
  /** Why clips lack the sound that the camera announces, as a sentence; null if they have it. */
  soundLeftOut?: Maybe<Scalars['String']['output']>;
  /** TCP or UDP. */
  transport: Scalars['String']['output'];
};

/** What the camera’s feed is doing now. */
export type CameraState =
  /** Flashback is connecting; no picture has arrived yet. */
  | 'CONNECTING'
  /** The camera is switched off in Flashback. */
  | 'DISABLED'
  /** Not connected, because the camera has no pre-roll and nothing is recorded. */
  | 'IDLE'
  /** Pictures arrive, and the ring holds the newest ones. */
  | 'LIVE'
  /** The camera cannot be reached or refuses. Flashback keeps trying; `lastError` says why. */
  | 'OFFLINE';

/** Which certificate is accepted from a camera with an rtsps:// address. */
export type CameraTls =
  /** Any certificate. The server then cannot tell whether it is connected to the camera. */
  | 'ANY'
  /** The first certificate that the camera has shown. Any other is an error. */
  | 'PINNED'
  /** A certificate for the camera’s name, from an authority that this server trusts. */
  | 'VERIFY';

/** The transport that is requested from a camera. */
export type CameraTransport =
  /** TCP, or UDP if the camera refuses TCP. */
  | 'AUTO'
  /** Inside the RTSP connection: nothing is lost or out of order. */
  | 'TCP'
  /** In datagrams: clips lack what the network loses. */
  | 'UDP';

/** A new key. */
export type CreateApiKeyInput = {
  /** The only cameras that the key may see and use; all if left out. Not for ADMIN. */
  cameraIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** When the key expires; never if left out. */
  expiresAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** The name of the key’s user: 1 to 100 characters. */
  name: Scalars['String']['input'];
  /** What the key may do. */
  role: Role;
};

/** The key and its secret. */
export type CreateApiKeyPayload = {
  __typename?: 'CreateApiKeyPayload';
  /** The key. */
  apiKey: ApiKey;
  /** Send it as `Authorization: Bearer …`. It is shown only now and not stored. */
  secret: Scalars['String']['output'];
};

/** A new camera. */
export type CreateCameraInput = {
  /** Whether TLS 1.0 and 1.1 are accepted. Old firmware needs them. */
  allowOldTls?: InputMaybe<Scalars['Boolean']['input']>;
  /** The camera’s channel at its recorder or encoder: 0 to 65535. */
  channel?: InputMaybe<Scalars['Int']['input']>;
  /** Whether Flashback uses the camera at all. */
  enabled?: InputMaybe<Scalars['Boolean']['input']>;
  /** A recording ends after at most this many seconds: 1 to 86400. */
  maxDurationSec?: InputMaybe<Scalars['Int']['input']>;
  /** The name that people know the camera by: 1 to 200 characters. */
  name: Scalars['String']['input'];
  /** Seconds recorded after the end of an event: 0 to 300. */
  postRollSec?: InputMaybe<Scalars['Int']['input']>;
  /** Seconds of footage kept from before an event: 0 to 60. With 0, Flashback connects only when an event comes. */
  preRollSec?: InputMaybe<Scalars['Int']['input']>;
  /** The program that reads the camera’s stream. */
  reader?: InputMaybe<CameraReader>;
  /** The types of events that are recorded. */
  recordOn?: InputMaybe<Array<EventType>>;
  /** When its playbacks are deleted, beside RETENTION_DAYS: at most one rule for each event type, and one for all. */
  retention?: InputMaybe<Array<RetentionRuleInput>>;
  /** The stream’s address, rtsp:// or rtsps://, with the user name and password that the camera asks for (percent-encoded). */
  rtspUrl: Scalars['String']['input'];
  /** The site whose servers read the camera (SITE): up to 100 characters; "": any server does. */
  site?: InputMaybe<Scalars['String']['input']>;
  /** Which certificate of an rtsps:// address is accepted. */
  tls?: InputMaybe<CameraTls>;
  /** The transport that is requested from the camera. */
  transport?: InputMaybe<CameraTransport>;
};

/** The new camera. */
export type CreateCameraPayload = {
  __typename?: 'CreateCameraPayload';
  /** The camera. */
  camera: Camera;
};

/** An event at a camera. */
export type CreateEventInput = {
  /** The camera. */
  cameraId: Scalars['ID']['input'];
  /** What happened, as text: 1 to 2000 characters. */
  description?: InputMaybe<Scalars['String']['input']>;
  /** A repeated call with the same key and camera returns the same event, and nothing is recorded twice. 1 to 200 characters. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** What happened, in a word or two: 1 to 200 characters. */
  label?: InputMaybe<Scalars['String']['input']>;
  /** The event ends this many seconds after createEvent or the last renewEvent, unless endEvent comes first: 1 to 86400. */
  leaseSec?: InputMaybe<Scalars['Int']['input']>;
  /** Any further data to keep with the event: at most 64 KiB as JSON, and 32 levels deep. */
  metadata?: InputMaybe<Scalars['JSON']['input']>;
  /** When it happened; now if left out. It may lie in the past by at most the camera’s pre-roll. */
  startedAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** What happened. The type decides whether the event is recorded. */
  type: EventType;
};

/** The event, and its recording. */
export type CreateEventPayload = {
  __typename?: 'CreateEventPayload';
  /** The event. */
  event: Event;
  /** The event’s recording; null if the camera does not record this type. */
  playback?: Maybe<Playback>;
};

/** A new link to a clip. */
export type CreateShareLinkInput = {
  /** Where in the clip the player begins, in seconds. It becomes `?t=` of the address. */
  atSec?: InputMaybe<Scalars['Float']['input']>;
  /** When the link expires: at most 366 days from now. */
  expiresAt: Scalars['DateTime']['input'];
  /** The playback, which must be COMPLETED. */
  playbackId: Scalars['ID']['input'];
};

/** The link and its address. */
export type CreateShareLinkPayload = {
  __typename?: 'CreateShareLinkPayload';
  /** The link. */
  shareLink: ShareLink;
  /** The address of the page with the clip. It is shown only now and not stored. */
  url: Scalars['URL']['output'];
};

/** The deleted camera. */
export type DeleteCameraPayload = {
  __typename?: 'DeleteCameraPayload';
  /** The id of the deleted camera. */
  id: Scalars['ID']['output'];
};

/** The deleted playback. */
export type DeletePlaybackPayload = {
  __typename?: 'DeletePlaybackPayload';
  /** The id of the deleted playback. */
  id: Scalars['ID']['output'];
};

/** The deleted subscription. */
export type DeletePushSubscriptionPayload = {
  __typename?: 'DeletePushSubscriptionPayload';
  /** The id of the deleted subscription. */
  id: Scalars['ID']['output'];
};

/** The end of an event. */
export type EndEventInput = {
  /** When the event ended, not before it started; now if left out. */
  endedAt?: InputMaybe<Scalars['DateTime']['input']>;
  /** The event’s id. */
  id: Scalars['ID']['input'];
};

/** The ended event. A repeated call returns the same. */
export type EndEventPayload = {
  __typename?: 'EndEventPayload';
  /** The event. */
  event: Event;
  /** The event’s recording; null if the camera does not record this type. */
  playback?: Maybe<Playback>;
};

/** Why a recording stopped. LEASE_EXPIRED and MAX_DURATION stop it without an endEvent. */
export type EndReason =
  /** The camera delivered nothing for too long; or its stream changed to a format that does not fit the file, and a further playback goes on. */
  | 'CAMERA_LOST'
  /** The event was ended. */
  | 'ENDED'
  /** The event’s lease expired. */
  | 'LEASE_EXPIRED'
  /** The recording reached the camera’s maxDurationSec, or its own durationSec if it was started by hand. */
  | 'MAX_DURATION'
  /** The server was lost. An open event goes on in a further playback; the clip is made from what that server or the bucket has. */
  | 'NODE_LOST'
  /** The server could not go on recording: its disk was full or failed, an error of its own ended the recording, or it was not running when the recording had to end. A restart alone ends no recording; but a server that stops beside others hands it over, and an open event goes on in a further playback. */
  | 'SHUTDOWN'
  /** The recording was stopped by hand. */
  | 'STOPPED';

/** Something that happened at a camera. It is open until it is ended. */
export type Event = {
  __typename?: 'Event';
  /** The camera at which it happened. */
  camera: Camera;
  /** The camera’s channel when it happened. */
  channel: Scalars['Int']['output'];
  /** When it was reported. */
  createdAt: Scalars['DateTime']['output'];
  /** What happened, as text. */
  description?: Maybe<Scalars['String']['output']>;
  /** When it ended; null while the event is open. */
  endedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The event’s id. */
  id: Scalars['ID']['output'];
  /** What happened, in a word or two. */
  label?: Maybe<Scalars['String']['output']>;
  /** When the event ends unless it is renewed; null without a lease. */
  leaseExpiresAt?: Maybe<Scalars['DateTime']['output']>;
  /** Any further data that was reported with the event. */
  metadata?: Maybe<Scalars['JSON']['output']>;
  /** The event’s recordings, oldest first. Empty if the camera does not record this type. */
  playbacks: Array<Playback>;
  /** When it happened. */
  startedAt: Scalars['DateTime']['output'];
  /** The type of the event. */
  type: EventType;
};

/** Events, newest first, paged by cursor. */
export type EventConnection = {
  __typename?: 'EventConnection';
  /** The page’s events with their cursors. */
  edges: Array<EventEdge>;
  /** The page’s events. */
  nodes: Array<Event>;
  /** The position of the page. */
  pageInfo: PageInfo;
  /** The number of all events that match. Selecting it costs a count. */
  totalCount: Scalars['Int']['output'];
};

/** An event in a connection, with its cursor. */
export type EventEdge = {
  __typename?: 'EventEdge';
  /** The event’s position in the list. */
  cursor: Scalars['String']['output'];
  /** The event. */
  node: Event;
};

/** Which events. An event must meet all conditions that are given. */
export type EventFilter = {
  /** Events of this camera. */
  cameraId?: InputMaybe<Scalars['ID']['input']>;
  /** true: only open events; false: only events that have ended. */
  open?: InputMaybe<Scalars['Boolean']['input']>;
  /** The event’s label, description or metadata must contain all of these words. Whole words match, in upper or lower case. */
  search?: InputMaybe<Scalars['String']['input']>;
  /** Events that started after this time. */
  startedAfter?: InputMaybe<Scalars['DateTime']['input']>;
  /** Events that started before this time. */
  startedBefore?: InputMaybe<Scalars['DateTime']['input']>;
  /** Events of one of these types. */
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
  /** The person who looks after the camera or its network. */
  | 'CAMERA'
  /** The person who runs Flashback. */
  | 'SERVER'
  /** The person who looks after the bucket or the disk. */
  | 'STORAGE';

/** A stretch inside a clip in which the camera delivered nothing. */
export type Gap = {
  __typename?: 'Gap';
  /** When the last picture before the gap ended. */
  from: Scalars['DateTime']['output'];
  /** When the first picture after the gap was taken. */
  to: Scalars['DateTime']['output'];
};

/** The caller. */
export type Me = {
  __typename?: 'Me';
  /** The only cameras that the caller may see and use; null: all. */
  cameraIds?: Maybe<Array<Scalars['ID']['output']>>;
  /** The key’s name, or the token’s subject. */
  name: Scalars['String']['output'];
  /** What the caller may do. */
  role: Role;
};

/** Mutations. */
export type Mutation = {
  __typename?: 'Mutation';
  /** Makes a key. Once there is a key, every request needs one, so the first key should be an ADMIN. For ADMIN. */
  createApiKey: CreateApiKeyPayload;
  /** Adds a camera. If it has pre-roll, Flashback connects at once and stays connected. For ADMIN. */
  createCamera: CreateCameraPayload;
  /** Reports an event at a camera. If the camera records its type, the recording has begun when the answer is sent. */
  createEvent: CreateEventPayload;
  /** Makes a link with which anybody can see one clip, without a key, until it expires. */
  createShareLink: CreateShareLinkPayload;
  /** Deletes a camera with all its playbacks and their objects. CONFLICT if one of them is protected. For ADMIN. */
  deleteCamera: DeleteCameraPayload;
  /** Deletes the playback and its objects in the store. A running recording is stopped first. Safe to repeat. CONFLICT if it is protected. */
  deletePlayback: DeletePlaybackPayload;
  /** Ends a subscription of a caller with the caller’s name. Safe to repeat. */
  deletePushSubscription: DeletePushSubscriptionPayload;
  /** Ends an event. Its recording stops; in the background, the clip is made and put into the store. */
  endEvent: EndEventPayload;
  /** Protects a playback, with any status: nothing deletes it until unprotectPlayback. If it is protected already, its reason is replaced. */
  protectPlayback: ProtectPlaybackPayload;
  /** Renews the lease of an open event, from now on. CONFLICT if the event has ended. */
  renewEvent: RenewEventPayload;
  /** Makes the clip of a FAILED playback whose footage is still on the server’s disk. */
  retryPlayback: RetryPlaybackPayload;
  /** Marks playbacks as reviewed, or takes the marks back. The marks are the caller’s: keys of one name share them, and every role may set its own. Safe to repeat. */
  reviewPlaybacks: ReviewPlaybacksPayload;
  /** Revokes a key. Its open connections are closed within seconds. For ADMIN. */
  revokeApiKey: RevokeApiKeyPayload;
  /** Revokes a link to a clip: from now on it shows nothing. Safe to repeat. */
  revokeShareLink: RevokeShareLinkPayload;
  /** Sends this browser a message when an event begins to be recorded that the caller may see. A subscription with the same endpoint is replaced. Each name has at most 20: those saved longest ago are removed. */
  savePushSubscription: SavePushSubscriptionPayload;
  /** Starts a recording by hand, without an event. It begins with the camera’s pre-roll. */
  startRecording: StartRecordingPayload;
  /** Stops a recording now, whether it was started by hand or by an event. Safe to repeat. */
  stopRecording: StopRecordingPayload;
  /** Connects to a camera without saving anything. Answers within ten seconds. For ADMIN. */
  testCamera: TestCameraPayload;
  /** Lifts the protection of a playback. Retention may then delete it. Safe to repeat. */
  unprotectPlayback: UnprotectPlaybackPayload;
  /** Changes a camera. Running recordings continue. For ADMIN. */
  updateCamera: UpdateCameraPayload;
};


/** Mutations. */
export type MutationCreateApiKeyArgs = {
  input: CreateApiKeyInput;
};


/** Mutations. */
export type MutationCreateCameraArgs = {
  input: CreateCameraInput;
};


/** Mutations. */
export type MutationCreateEventArgs = {
  input: CreateEventInput;
};


/** Mutations. */
export type MutationCreateShareLinkArgs = {
  input: CreateShareLinkInput;
};


/** Mutations. */
export type MutationDeleteCameraArgs = {
  id: Scalars['ID']['input'];
};


/** Mutations. */
export type MutationDeletePlaybackArgs = {
  id: Scalars['ID']['input'];
};


/** Mutations. */
export type MutationDeletePushSubscriptionArgs = {
  id: Scalars['ID']['input'];
};


/** Mutations. */
export type MutationEndEventArgs = {
  input: EndEventInput;
};


/** Mutations. */
export type MutationProtectPlaybackArgs = {
  id: Scalars['ID']['input'];
  reason: Scalars['String']['input'];
};


/** Mutations. */
export type MutationRenewEventArgs = {
  input: RenewEventInput;
};


/** Mutations. */
export type MutationRetryPlaybackArgs = {
  id: Scalars['ID']['input'];
};


/** Mutations. */
export type MutationReviewPlaybacksArgs = {
  ids: Array<Scalars['ID']['input']>;
  reviewed?: Scalars['Boolean']['input'];
};


/** Mutations. */
export type MutationRevokeApiKeyArgs = {
  id: Scalars['ID']['input'];
};


/** Mutations. */
export type MutationRevokeShareLinkArgs = {
  id: Scalars['ID']['input'];
};


/** Mutations. */
export type MutationSavePushSubscriptionArgs = {
  input: SavePushSubscriptionInput;
};


/** Mutations. */
export type MutationStartRecordingArgs = {
  input: StartRecordingInput;
};


/** Mutations. */
export type MutationStopRecordingArgs = {
  playbackId: Scalars['ID']['input'];
};


/** Mutations. */
export type MutationTestCameraArgs = {
  input: TestCameraInput;
};


/** Mutations. */
export type MutationUnprotectPlaybackArgs = {
  id: Scalars['ID']['input'];
};


/** Mutations. */
export type MutationUpdateCameraArgs = {
  input: UpdateCameraInput;
};

/** Whether a server of this database is there. */
export type NodeState =
  /** It is about to end, and hands over its cameras and its recordings. */
  | 'DRAINING'
  /** It has ended by itself. */
  | 'ENDED'
  /** It has sent a heartbeat within the last five seconds. */
  | 'LIVE'
  /** It sends no heartbeats, and has not said that it ends. */
  | 'LOST';

/** The position of a page in the whole list. */
export type PageInfo = {
  __typename?: 'PageInfo';
  /** The cursor of the page’s last item. */
  endCursor?: Maybe<Scalars['String']['output']>;
  /** Whether there are older items after this page. */
  hasNextPage: Scalars['Boolean']['output'];
  /** Whether there are newer items before this page. */
  hasPreviousPage: Scalars['Boolean']['output'];
  /** The cursor of the page’s first item. */
  startCursor?: Maybe<Scalars['String']['output']>;
};

/** The recording of an event: a row with a status, and later a clip. */
export type Playback = {
  __typename?: 'Playback';
  /** The sound’s codec (RFC 6381); null without sound. */
  audioCodec?: Maybe<Scalars['String']['output']>;
  /** The camera that was recorded. */
  camera: Camera;
  /** The wall-clock time of the clip’s first frame. With pre-roll it is before startedAt. */
  clipStartedAt?: Maybe<Scalars['DateTime']['output']>;
  /** The video’s codec (RFC 6381). */
  codec?: Maybe<Scalars['String']['output']>;
  /** When the playback was created. */
  createdAt: Scalars['DateTime']['output'];
  /** A link with which browsers save the clip, under a name like 2026-11-28_14-02-11_front-door_person.mp4. */
  downloadUrl?: Maybe<Scalars['URL']['output']>;
  /** The clip’s length in milliseconds. */
  durationMs?: Maybe<Scalars['Int']['output']>;
  /** The clip’s length in whole seconds. */
  durationSec?: Maybe<Scalars['Int']['output']>;
  /** Why the recording stopped. */
  endReason?: Maybe<EndReason>;
  /** When the event ended; null while recording. */
  endedAt?: Maybe<Scalars['DateTime']['output']>;
  /** Why the playback failed, as a sentence. */
  errorMessage?: Maybe<Scalars['String']['output']>;
  /** The event; null for a recording started by hand, and after the event was deleted. */
  event?: Maybe<Event>;
  /** Why there is no clip; null unless FAILED. */
  failure?: Maybe<PlaybackFailure>;
  /** The clip’s size in the store. */
  fileSizeBytes?: Maybe<Scalars['BigInt']['output']>;
  /** Stretches inside the clip in which the camera delivered nothing. */
  gaps: Array<Gap>;
  /** The playback’s id. */
  id: Scalars['ID']['output'];
  /** An HLS playlist, available while the status is RECORDING or PROCESSING; null otherwise. */
  liveUrl?: Maybe<Scalars['URL']['output']>;
  /** How much later than the event the clip begins, because the camera was not live yet, in milliseconds. */
  missedMs?: Maybe<Scalars['Int']['output']>;
  /** While the recording runs: footage up to this time is in the bucket and would survive the loss of the server. Null while the bucket has none. */
  offsiteUntil?: Maybe<Scalars['DateTime']['output']>;
  /** How much of the clip lies before startedAt, in milliseconds. */
  preRollMs?: Maybe<Scalars['Int']['output']>;
  /** Set while the playback is protected: neither retention nor deletePlayback nor deleteCamera deletes it. */
  protection?: Maybe<PlaybackProtection>;
  /** The playback’s status. */
  recordingStatus: RecordingStatus;
  /** The picture’s size, like 1920x1080. */
  resolution?: Maybe<Scalars['String']['output']>;
  /** Whether the caller has marked it as reviewed (reviewPlaybacks). Each name has its own marks. */
  reviewed: Scalars['Boolean']['output'];
  /** When the event happened, or when the recording by hand was requested. */
  startedAt: Scalars['DateTime']['output'];
  /** A WebVTT file of small pictures from all over the clip: each cue names a part of a JPEG beside it, like `…jpg#xywh=240,0,240,134`. It is made shortly after the playback is COMPLETED; null until then, and if no picture can be made. */
  storyboardUrl?: Maybe<Scalars['URL']['output']>;
  /** A JPEG of the clip’s first picture. */
  thumbnailUrl?: Maybe<Scalars['URL']['output']>;
  /** All transitions so far, oldest first. */
  transitions: Array<PlaybackTransition>;
  /** When its row last changed. */
  updatedAt: Scalars['DateTime']['output'];
  /** A link to the finished MP4. Null until COMPLETED, and never set for an object that is not in the store. */
  videoUrl?: Maybe<Scalars['URL']['output']>;
};


/** The recording of an event: a row with a status, and later a clip. */
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
  /** The position of the page. */
  pageInfo: PageInfo;
  /** The number of all playbacks that match. Selecting it costs a count. */
  totalCount: Scalars['Int']['output'];
};

/** How many playbacks of a camera and an event type started in each stretch of time. */
export type PlaybackCounts = {
  __typename?: 'PlaybackCounts';
  /** The camera’s id. */
  cameraId: Scalars['ID']['output'];
  /** A number for each stretch of time, the earliest first. */
  counts: Array<Scalars['Int']['output']>;
  /** The type of their events; null for recordings by hand. */
  eventType?: Maybe<EventType>;
};

/** A playback in a connection, with its cursor. */
export type PlaybackEdge = {
  __typename?: 'PlaybackEdge';
  /** The playback’s position in the list. */
  cursor: Scalars['String']['output'];
  /** The playback. */
  node: Playback;
};

/** Why there is no clip. */
export type PlaybackFailure = {
  __typename?: 'PlaybackFailure';
  /** The failure’s code, for programs. */
  code: Scalars['String']['output'];
  /** Who has to act. */
  fault: Fault;
  /** What went wrong, for the person who has to act. */
  message: Scalars['String']['output'];
  /** Whether retryPlayback can help, because the footage is still there. */
  retryable: Scalars['Boolean']['output'];
};

/** Which playbacks. A playback must meet all conditions that are given. */
export type PlaybackFilter = {
  /** Playbacks of this camera. */
  cameraId?: InputMaybe<Scalars['ID']['input']>;
  /** Playbacks of this event. */
  eventId?: InputMaybe<Scalars['ID']['input']>;
  /** Playbacks of events of one of these types. Recordings by hand have no type. */
  eventType?: InputMaybe<Array<EventType>>;
  /** true: only protected playbacks; false: only those that are not protected. */
  protected?: InputMaybe<Scalars['Boolean']['input']>;
  /** Playbacks with one of these statuses. */
  recordingStatus?: InputMaybe<Array<RecordingStatus>>;
  /** true: only playbacks that the caller has reviewed; false: only those that are still to be reviewed. */
  reviewed?: InputMaybe<Scalars['Boolean']['input']>;
  /** The event’s label, description or metadata must contain all of these words. Whole words match, in upper or lower case. */
  search?: InputMaybe<Scalars['String']['input']>;
  /** Playbacks that started after this time. */
  startedAfter?: InputMaybe<Scalars['DateTime']['input']>;
  /** Playbacks that started before this time. */
  startedBefore?: InputMaybe<Scalars['DateTime']['input']>;
};

/** One numbered page, newest first. `total` and `totalPages` cost a count only when they are selected. */
export type PlaybackPage = {
  __typename?: 'PlaybackPage';
  /** The page’s playbacks. */
  items: Array<Playback>;
  /** The page’s number, from 1. */
  page: Scalars['Int']['output'];
  /** The number of playbacks on a full page. */
  pageSize: Scalars['Int']['output'];
  /** The number of all playbacks that match. */
  total: Scalars['Int']['output'];
  /** The number of pages of all playbacks that match. */
  totalPages: Scalars['Int']['output'];
};

/** Why a playback is kept whatever its age, and since when. */
export type PlaybackProtection = {
  __typename?: 'PlaybackProtection';
  /** When it was protected. */
  at: Scalars['DateTime']['output'];
  /** The name of the caller who protected it. */
  by: Scalars['String']['output'];
  /** Why it is kept. */
  reason: Scalars['String']['output'];
};

/** One change of a playback’s status. */
export type PlaybackTransition = {
  __typename?: 'PlaybackTransition';
  /** When it changed. */
  at: Scalars['DateTime']['output'];
  /** An opaque position in the stream of transitions. To resume, pass the last one that was received as `after`. */
  cursor: Scalars['String']['output'];
  /** The previous status; null for the first transition. */
  from?: Maybe<RecordingStatus>;
  /** The playback as it is now. */
  playback: Playback;
  /** The new status. */
  to: RecordingStatus;
};

/** The protected playback. */
export type ProtectPlaybackPayload = {
  __typename?: 'ProtectPlaybackPayload';
  /** The playback. */
  playback: Playback;
};

/** A browser that is sent a push message when an event begins to be recorded, as long as the key or token with which it was saved is valid. */
export type PushSubscription = {
  __typename?: 'PushSubscription';
  /** The cameras whose events the browser is notified of; none: all cameras. */
  cameraIds: Array<Scalars['ID']['output']>;
  /** When it was last saved. */
  createdAt: Scalars['DateTime']['output'];
  /** The subscription’s id. */
  id: Scalars['ID']['output'];
  /** The types of events that it is notified of; none: all types. */
  types: Array<EventType>;
};

/** Queries. */
export type Query = {
  __typename?: 'Query';
  /** All keys, oldest first, including revoked and expired keys, but not the keys of API_KEYS. For ADMIN. */
  apiKeys: Array<ApiKey>;
  /** One camera; null if there is none with this id. */
  camera?: Maybe<Camera>;
  /** All cameras, sorted by name. */
  cameras: Array<Camera>;
  /** A link with which browsers save the clips of these playbacks as one ZIP, with names as `downloadUrl` gives them. Null if none of them has a clip. */
  clipsUrl?: Maybe<Scalars['URL']['output']>;
  /** One event; null if there is none with this id. */
  event?: Maybe<Event>;
  /** Events, newest first, paged by cursor. */
  events: EventConnection;
  /** The caller, as the server sees it. */
  me: Me;
  /** The servers that have worked with this database, in the order of their ids. For ADMIN. */
  nodes: Array<ServerNode>;
  /** One playback; null if there is none with this id. */
  playback?: Maybe<Playback>;
  /** Playbacks, newest first, paged by cursor. */
  playbackConnection: PlaybackConnection;
  /** Counts playbacks by when they started: the time between `from` and `to` is cut into equal stretches. Cameras and event types without any are left out. */
  playbackCounts: Array<PlaybackCounts>;
  /** Playbacks, newest first, in numbered pages. */
  playbacks: PlaybackPage;
  /** The key with which browsers subscribe (`applicationServerKey`), as base64url. It is the same for all servers of the installation. */
  pushKey: Scalars['String']['output'];
  /** The subscriptions of callers with the caller’s name, oldest first. */
  pushSubscriptions: Array<PushSubscription>;
  /** The links to a clip, newest first, also those that are not valid any more. For OPERATOR and ADMIN. */
  shareLinks: Array<ShareLink>;
  /** Why the store takes no clips now, as a sentence; null while it does. Until then clips wait in PROCESSING. */
  storeProblem?: Maybe<Scalars['String']['output']>;
};


/** Queries. */
export type QueryCameraArgs = {
  id: Scalars['ID']['input'];
};


/** Queries. */
export type QueryClipsUrlArgs = {
  ids: Array<Scalars['ID']['input']>;
  timeZone?: Scalars['String']['input'];
};


/** Queries. */
export type QueryEventArgs = {
  id: Scalars['ID']['input'];
};


/** Queries. */
export type QueryEventsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<EventFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** Queries. */
export type QueryPlaybackArgs = {
  id: Scalars['ID']['input'];
};


/** Queries. */
export type QueryPlaybackConnectionArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<PlaybackFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** Queries. */
export type QueryPlaybackCountsArgs = {
  buckets?: InputMaybe<Scalars['Int']['input']>;
  filter?: InputMaybe<PlaybackFilter>;
  from: Scalars['DateTime']['input'];
  to: Scalars['DateTime']['input'];
};


/** Queries. */
export type QueryPlaybacksArgs = {
  filter?: InputMaybe<PlaybackFilter>;
  page?: InputMaybe<Scalars['Int']['input']>;
  pageSize?: InputMaybe<Scalars['Int']['input']>;
};


/** Queries. */
export type QueryShareLinksArgs = {
  playbackId: Scalars['ID']['input'];
};

/** The status of a playback: PENDING → RECORDING → PROCESSING → COMPLETED or FAILED. */
export type RecordingStatus =
  /** The clip is in the store and has the size that the playback states. */
  | 'COMPLETED'
  /** There is no clip. `failure` says why, and whether a retry can make one. */
  | 'FAILED'
  /** Requested; the recorder has not begun yet. */
  | 'PENDING'
  /** All footage is on disk. The clip is being made and put into the store. */
  | 'PROCESSING'
  /** The recorder keeps everything that the camera delivers. */
  | 'RECORDING';

/** A new lease for an open event. */
export type RenewEventInput = {
  /** The event’s id. */
  id: Scalars['ID']['input'];
  /** The event ends after this many seconds from now unless it is renewed again: 1 to 86400. */
  leaseSec: Scalars['Int']['input'];
};

/** The event with its new lease. */
export type RenewEventPayload = {
  __typename?: 'RenewEventPayload';
  /** The event. */
  event: Event;
};

/** When playbacks of a camera are deleted. */
export type RetentionRule = {
  __typename?: 'RetentionRule';
  /** The age in days at which these playbacks are deleted. A rule for the event’s type takes precedence over the camera’s rule for all types, and both over RETENTION_DAYS. */
  days?: Maybe<Scalars['Int']['output']>;
  /** The rule is about playbacks of events of this type; null: about all playbacks of the camera. */
  eventType?: Maybe<EventType>;
  /** The most bytes that their clips and pictures may have; the oldest are deleted first. Protected ones do not count. */
  maxBytes?: Maybe<Scalars['BigInt']['output']>;
};

/** When playbacks of a camera are deleted: by age, by bytes, or both. */
export type RetentionRuleInput = {
  /** The age in days at which these playbacks are deleted. A rule for the event’s type takes precedence over the camera’s rule for all types, and both over RETENTION_DAYS. 1 to 36500. */
  days?: InputMaybe<Scalars['Int']['input']>;
  /** The rule is about playbacks of events of this type; null: about all playbacks of the camera. */
  eventType?: InputMaybe<EventType>;
  /** The most bytes that their clips and pictures may have; the oldest are deleted first. Protected ones do not count. From 1. */
  maxBytes?: InputMaybe<Scalars['BigInt']['input']>;
};

/** The playback, whose clip is being made again. */
export type RetryPlaybackPayload = {
  __typename?: 'RetryPlaybackPayload';
  /** The playback. */
  playback: Playback;
};

/** The playbacks whose marks are as they were wanted. */
export type ReviewPlaybacksPayload = {
  __typename?: 'ReviewPlaybacksPayload';
  /** The playbacks, newest first. Those that are gone are left out. */
  playbacks: Array<Playback>;
};

/** The revoked key. */
export type RevokeApiKeyPayload = {
  __typename?: 'RevokeApiKeyPayload';
  /** The key. */
  apiKey: ApiKey;
};

/** The revoked link. */
export type RevokeShareLinkPayload = {
  __typename?: 'RevokeShareLinkPayload';
  /** The link. */
  shareLink: ShareLink;
};

/** What a caller may do. Each role allows what its description says, and nothing else. */
export type Role =
  /** Everything, including cameras and keys. */
  | 'ADMIN'
  /** Report, renew and end events. Read cameras, and its own events with their playbacks. */
  | 'ANALYTICS'
  /** Everything that VIEWER and ANALYTICS may do. Also record by hand, and delete, protect, retry and share playbacks. */
  | 'OPERATOR'
  /** Read and subscribe. */
  | 'VIEWER';

/** A browser’s subscription: PushSubscription of its Push API, and the events that it is to be notified of. */
export type SavePushSubscriptionInput = {
  /** Its secret, as base64url. */
  auth: Scalars['String']['input'];
  /** Only events of these cameras, at most 100; of all if left out or empty. */
  cameraIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** Its address at the browser’s push service, with https. */
  endpoint: Scalars['URL']['input'];
  /** Its public key, as base64url. */
  p256dh: Scalars['String']['input'];
  /** Only events of these types; of all if left out or empty. */
  types?: InputMaybe<Array<EventType>>;
};

/** The saved subscription. */
export type SavePushSubscriptionPayload = {
  __typename?: 'SavePushSubscriptionPayload';
  /** The subscription. */
  pushSubscription: PushSubscription;
};

/** A server of this database. All times are by the database’s clock. */
export type ServerNode = {
  __typename?: 'ServerNode';
  /** How many cameras that are switched on are its own. */
  cameras: Scalars['Int']['output'];
  /** Its MAX_RECORDINGS. */
  capacity: Scalars['Int']['output'];
  /** Its newest heartbeat. */
  heartbeatAt: Scalars['DateTime']['output'];
  /** NODE_ID, or the id in its DATA_DIR. */
  id: Scalars['ID']['output'];
  /** Why it takes no recording now, as part of a sentence; null: it takes some. Its cameras go to other servers of their site. */
  problem?: Maybe<Scalars['String']['output']>;
  /** How many of its playbacks are PENDING or RECORDING. */
  recordings: Scalars['Int']['output'];
  /** Where it is (SITE): it reads the cameras of this site, and those of none. */
  site: Scalars['String']['output'];
  /** When it was started last. */
  startedAt: Scalars['DateTime']['output'];
  /** Whether it is there. */
  state: NodeState;
  /** Where other servers reach it (NODE_URL); null if it works alone. */
  url?: Maybe<Scalars['URL']['output']>;
  /** The version of Flashback that it runs. */
  version: Scalars['String']['output'];
};

/** A link with which anybody can see one clip, without a key. */
export type ShareLink = {
  __typename?: 'ShareLink';
  /** When it was made. */
  createdAt: Scalars['DateTime']['output'];
  /** The name of the caller who made it. */
  createdBy: Scalars['String']['output'];
  /** When it expires. */
  expiresAt: Scalars['DateTime']['output'];
  /** The link’s id. */
  id: Scalars['ID']['output'];
  /** When its page was last opened; null: never. */
  lastOpenedAt?: Maybe<Scalars['DateTime']['output']>;
  /** How often its page was opened. */
  openings: Scalars['Int']['output'];
  /** When it was revoked; null if it is not revoked. */
  revokedAt?: Maybe<Scalars['DateTime']['output']>;
};

/** A recording that is started by hand. */
export type StartRecordingInput = {
  /** The camera to record. */
  cameraId: Scalars['ID']['input'];
  /** The recording stops after this many seconds: 1 to the camera’s maxDurationSec, which is also the default. */
  durationSec?: InputMaybe<Scalars['Int']['input']>;
};

/** The recording that has begun. */
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

/** Subscriptions, over WebSocket (graphql-transport-ws) or SSE. */
export type Subscription = {
  __typename?: 'Subscription';
  /** First the present state of each camera, then each change. Without an id, of all cameras. */
  cameraStateChanged: Camera;
  /**
   * First each running recording of which the bucket holds footage, then each whenever it holds more (see
   * `offsiteUntil`), at most once a second. Without an id, all recordings.
   */
  playbackOffsiteChanged: Playback;
  /**
   * Transitions of the playbacks that match, in order for each playback, and complete. Without `after`, first the
   * newest transition of every matching playback that is not COMPLETED or FAILED, then each transition as it
   * happens. If the filter names one event, the first part includes playbacks of that event with any status. With
   * `after`, first every transition since that cursor, then each transition as it happens.
   */
  playbackStatusChanged: PlaybackTransition;
};


/** Subscriptions, over WebSocket (graphql-transport-ws) or SSE. */
export type SubscriptionCameraStateChangedArgs = {
  cameraId?: InputMaybe<Scalars['ID']['input']>;
};


/** Subscriptions, over WebSocket (graphql-transport-ws) or SSE. */
export type SubscriptionPlaybackOffsiteChangedArgs = {
  playbackId?: InputMaybe<Scalars['ID']['input']>;
};


/** Subscriptions, over WebSocket (graphql-transport-ws) or SSE. */
export type SubscriptionPlaybackStatusChangedArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<PlaybackFilter>;
};

/** How to connect to a camera, with the same settings as createCamera. */
export type TestCameraInput = {
  /** Whether TLS 1.0 and 1.1 are accepted. If left out: the setting of the camera `cameraId`, or false. */
  allowOldTls?: InputMaybe<Scalars['Boolean']['input']>;
  /** An existing camera. For it, `rtspUrl` may be the address as the API shows it; the stored credentials are used. */
  cameraId?: InputMaybe<Scalars['ID']['input']>;
  /** The program that reads the stream. If left out: the setting of the camera `cameraId`, or AUTO. */
  reader?: InputMaybe<CameraReader>;
  /** The stream’s address, rtsp:// or rtsps://. */
  rtspUrl: Scalars['String']['input'];
  /** Which certificate of an rtsps:// address is accepted. If left out: the setting of the camera `cameraId`, or PINNED. */
  tls?: InputMaybe<CameraTls>;
  /** The transport that is requested from the camera. If left out: the setting of the camera `cameraId`, or AUTO. */
  transport?: InputMaybe<CameraTransport>;
};

/** What the test of the camera’s stream found. */
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
  /** Seconds from one keyframe to the next; null if no second keyframe was seen. */
  keyframeIntervalSec?: Maybe<Scalars['Float']['output']>;
  /** A JPEG of the first picture, as a data: URL. */
  picture?: Maybe<Scalars['String']['output']>;
  /** Why the camera cannot be recorded, as a sentence; null if it can. */
  problem?: Maybe<Scalars['String']['output']>;
  /** The kind of `problem`; null if there is none. */
  problemCode?: Maybe<CameraErrorCode>;
  /** How the stream was read. */
  reading?: Maybe<CameraReading>;
  /** The picture’s size, like 1920x1080. */
  resolution?: Maybe<Scalars['String']['output']>;
};

/** The playback, which is no longer protected. */
export type UnprotectPlaybackPayload = {
  __typename?: 'UnprotectPlaybackPayload';
  /** The playback. */
  playback: Playback;
};

/** Changes to a camera. Fields that are left out or null stay unchanged. */
export type UpdateCameraInput = {
  /** true: from now on, PINNED accepts the next certificate that the camera shows. */
  acceptCertificate?: InputMaybe<Scalars['Boolean']['input']>;
  /** Whether TLS 1.0 and 1.1 are accepted. Old firmware needs them. */
  allowOldTls?: InputMaybe<Scalars['Boolean']['input']>;
  /** The camera’s channel at its recorder or encoder: 0 to 65535. */
  channel?: InputMaybe<Scalars['Int']['input']>;
  /** Whether Flashback uses the camera at all. */
  enabled?: InputMaybe<Scalars['Boolean']['input']>;
  /** The camera’s id. */
  id: Scalars['ID']['input'];
  /** A recording ends after at most this many seconds: 1 to 86400. */
  maxDurationSec?: InputMaybe<Scalars['Int']['input']>;
  /** The name that people know the camera by: 1 to 200 characters. */
  name?: InputMaybe<Scalars['String']['input']>;
  /** Seconds recorded after the end of an event: 0 to 300. */
  postRollSec?: InputMaybe<Scalars['Int']['input']>;
  /** Seconds of footage kept from before an event: 0 to 60. With 0, Flashback connects only when an event comes. */
  preRollSec?: InputMaybe<Scalars['Int']['input']>;
  /** The program that reads the camera’s stream. */
  reader?: InputMaybe<CameraReader>;
  /** The types of events that are recorded. */
  recordOn?: InputMaybe<Array<EventType>>;
  /** When its playbacks are deleted, beside RETENTION_DAYS: at most one rule for each event type, and one for all. Replaces all rules that the camera has. */
  retention?: InputMaybe<Array<RetentionRuleInput>>;
  /** The stream’s address, rtsp:// or rtsps://, with the user name and password that the camera asks for (percent-encoded). If it is the address as the API shows it, without credentials, the credentials stay unchanged. */
  rtspUrl?: InputMaybe<Scalars['String']['input']>;
  /** The site whose servers read the camera (SITE): up to 100 characters; "": any server does. */
  site?: InputMaybe<Scalars['String']['input']>;
  /** Which certificate of an rtsps:// address is accepted. */
  tls?: InputMaybe<CameraTls>;
  /** The transport that is requested from the camera. */
  transport?: InputMaybe<CameraTransport>;
};

/** The changed camera. */
export type UpdateCameraPayload = {
  __typename?: 'UpdateCameraPayload';
  /** The camera. */
  camera: Camera;
};

export type CameraFieldsFragment = { __typename: 'Camera', id: string, name: string, channel: number, rtspUrl: string, enabled: boolean, recordOn: Array<EventType>, preRollSec: number, postRollSec: number, maxDurationSec: number, site?: string | null, state: CameraState, stateSince: string, lastError?: string | null, lastErrorCode?: CameraErrorCode | null, codec?: string | null, audioCodec?: string | null, resolution?: string | null, snapshotUrl?: string | null, updatedAt: string, retention: Array<{ __typename?: 'RetentionRule', eventType?: EventType | null, days?: number | null, maxBytes?: number | null }> };

export type PlaybackFieldsFragment = { __typename: 'Playback', id: string, recordingStatus: RecordingStatus, startedAt: string, endedAt?: string | null, endReason?: EndReason | null, clipStartedAt?: string | null, preRollMs?: number | null, missedMs?: number | null, durationMs?: number | null, fileSizeBytes?: number | null, codec?: string | null, audioCodec?: string | null, resolution?: string | null, videoUrl?: string | null, thumbnailUrl?: string | null, liveUrl?: string | null, offsiteUntil?: string | null, reviewed: boolean, createdAt: string, updatedAt: string, gaps: Array<{ __typename?: 'Gap', from: string, to: string }>, failure?: { __typename?: 'PlaybackFailure', code: string, message: string, fault: Fault, retryable: boolean } | null, protection?: { __typename?: 'PlaybackProtection', reason: string, by: string, at: string } | null, camera: { __typename?: 'Camera', id: string, name: string }, event?: { __typename?: 'Event', id: string, type: EventType, label?: string | null, endedAt?: string | null, leaseExpiresAt?: string | null } | null };

export type CamerasQueryVariables = Exact<{ [key: string]: never; }>;


export type CamerasQuery = { __typename?: 'Query', cameras: Array<(
    { __typename?: 'Camera' }
    & CameraFieldsFragment
  )> };

export type PlaybacksByCursorQueryVariables = Exact<{
  filter?: InputMaybe<PlaybackFilter>;
  first: Scalars['Int']['input'];
  after?: InputMaybe<Scalars['String']['input']>;
}>;


export type PlaybacksByCursorQuery = { __typename?: 'Query', playbackConnection: { __typename?: 'PlaybackConnection', nodes: Array<(
      { __typename?: 'Playback' }
      & PlaybackFieldsFragment
    )>, pageInfo: { __typename?: 'PageInfo', endCursor?: string | null, hasNextPage: boolean } } };

export type PlaybackCountQueryVariables = Exact<{
  filter?: InputMaybe<PlaybackFilter>;
}>;


export type PlaybackCountQuery = { __typename?: 'Query', playbackConnection: { __typename?: 'PlaybackConnection', totalCount: number } };

export type PlaybackCountsQueryVariables = Exact<{
  filter?: InputMaybe<PlaybackFilter>;
  from: Scalars['DateTime']['input'];
  to: Scalars['DateTime']['input'];
  buckets: Scalars['Int']['input'];
}>;


export type PlaybackCountsQuery = { __typename?: 'Query', playbackCounts: Array<{ __typename?: 'PlaybackCounts', cameraId: string, eventType?: EventType | null, counts: Array<number> }> };

export type PlaybackStoryboardQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type PlaybackStoryboardQuery = { __typename?: 'Query', playback?: { __typename?: 'Playback', storyboardUrl?: string | null } | null };

export type PlaybacksByNumberQueryVariables = Exact<{
  filter?: InputMaybe<PlaybackFilter>;
  page: Scalars['Int']['input'];
  pageSize: Scalars['Int']['input'];
}>;


export type PlaybacksByNumberQuery = { __typename?: 'Query', playbacks: { __typename?: 'PlaybackPage', page: number, total: number, totalPages: number, items: Array<(
      { __typename?: 'Playback' }
      & PlaybackFieldsFragment
    )> } };

export type PlaybackDetailsQueryVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type PlaybackDetailsQuery = { __typename?: 'Query', playback?: (
    { __typename?: 'Playback', event?: { __typename?: 'Event', channel: number, description?: string | null, metadata?: unknown | null } | null, transitions: Array<{ __typename?: 'PlaybackTransition', cursor: string, from?: RecordingStatus | null, to: RecordingStatus, at: string }> }
    & PlaybackFieldsFragment
  ) | null };

export type PlaybackNeighboursQueryVariables = Exact<{
  earlier?: InputMaybe<PlaybackFilter>;
  later?: InputMaybe<PlaybackFilter>;
}>;


export type PlaybackNeighboursQuery = { __typename?: 'Query', earlier: { __typename?: 'PlaybackConnection', nodes: Array<(
      { __typename?: 'Playback' }
      & PlaybackFieldsFragment
    )> }, later: { __typename?: 'PlaybackConnection', nodes: Array<(
      { __typename?: 'Playback' }
      & PlaybackFieldsFragment
    )> } };

export type PlaybackDownloadQueryVariables = Exact<{
  id: Scalars['ID']['input'];
  timeZone?: InputMaybe<Scalars['String']['input']>;
}>;


export type PlaybackDownloadQuery = { __typename?: 'Query', playback?: { __typename?: 'Playback', downloadUrl?: string | null } | null };

export type ClipsDownloadQueryVariables = Exact<{
  ids: Array<Scalars['ID']['input']> | Scalars['ID']['input'];
  timeZone: Scalars['String']['input'];
}>;


export type ClipsDownloadQuery = { __typename?: 'Query', clipsUrl?: string | null };

export type CreateCameraMutationVariables = Exact<{
  input: CreateCameraInput;
}>;


export type CreateCameraMutation = { __typename?: 'Mutation', createCamera: { __typename?: 'CreateCameraPayload', camera: (
      { __typename?: 'Camera' }
      & CameraFieldsFragment
    ) } };

export type UpdateCameraMutationVariables = Exact<{
  input: UpdateCameraInput;
}>;


export type UpdateCameraMutation = { __typename?: 'Mutation', updateCamera: { __typename?: 'UpdateCameraPayload', camera: (
      { __typename?: 'Camera' }
      & CameraFieldsFragment
    ) } };

export type DeleteCameraMutationVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type DeleteCameraMutation = { __typename?: 'Mutation', deleteCamera: { __typename?: 'DeleteCameraPayload', id: string } };

export type CreateEventMutationVariables = Exact<{
  input: CreateEventInput;
}>;


export type CreateEventMutation = { __typename?: 'Mutation', createEvent: { __typename?: 'CreateEventPayload', event: { __typename?: 'Event', id: string }, playback?: (
      { __typename?: 'Playback' }
      & PlaybackFieldsFragment
    ) | null } };

export type EndEventMutationVariables = Exact<{
  id: Scalars['ID']['input'];
  endedAt?: InputMaybe<Scalars['DateTime']['input']>;
}>;


export type EndEventMutation = { __typename?: 'Mutation', endEvent: { __typename?: 'EndEventPayload', playback?: (
      { __typename?: 'Playback' }
      & PlaybackFieldsFragment
    ) | null } };

export type TestCameraMutationVariables = Exact<{
  input: TestCameraInput;
}>;


export type TestCameraMutation = { __typename?: 'Mutation', testCamera: { __typename?: 'TestCameraPayload', problem?: string | null, problemCode?: CameraErrorCode | null, codec?: string | null, audioCodec?: string | null, resolution?: string | null, framesPerSec?: number | null, keyframeIntervalSec?: number | null, bitsPerSec?: number | null, picture?: string | null } };

export type StartRecordingMutationVariables = Exact<{
  cameraId: Scalars['ID']['input'];
  durationSec?: InputMaybe<Scalars['Int']['input']>;
}>;


export type StartRecordingMutation = { __typename?: 'Mutation', startRecording: { __typename?: 'StartRecordingPayload', playback: (
      { __typename?: 'Playback' }
      & PlaybackFieldsFragment
    ) } };

export type StopRecordingMutationVariables = Exact<{
  playbackId: Scalars['ID']['input'];
}>;


export type StopRecordingMutation = { __typename?: 'Mutation', stopRecording: { __typename?: 'StopRecordingPayload', playback: (
      { __typename?: 'Playback' }
      & PlaybackFieldsFragment
    ) } };

export type RetryPlaybackMutationVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type RetryPlaybackMutation = { __typename?: 'Mutation', retryPlayback: { __typename?: 'RetryPlaybackPayload', playback: (
      { __typename?: 'Playback' }
      & PlaybackFieldsFragment
    ) } };

export type DeletePlaybackMutationVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type DeletePlaybackMutation = { __typename?: 'Mutation', deletePlayback: { __typename?: 'DeletePlaybackPayload', id: string } };

export type ProtectPlaybackMutationVariables = Exact<{
  id: Scalars['ID']['input'];
  reason: Scalars['String']['input'];
}>;


export type ProtectPlaybackMutation = { __typename?: 'Mutation', protectPlayback: { __typename?: 'ProtectPlaybackPayload', playback: (
      { __typename?: 'Playback' }
      & PlaybackFieldsFragment
    ) } };

export type UnprotectPlaybackMutationVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type UnprotectPlaybackMutation = { __typename?: 'Mutation', unprotectPlayback: { __typename?: 'UnprotectPlaybackPayload', playback: (
      { __typename?: 'Playback' }
      & PlaybackFieldsFragment
    ) } };

export type ReviewPlaybacksMutationVariables = Exact<{
  ids: Array<Scalars['ID']['input']> | Scalars['ID']['input'];
  reviewed: Scalars['Boolean']['input'];
}>;


export type ReviewPlaybacksMutation = { __typename?: 'Mutation', reviewPlaybacks: { __typename?: 'ReviewPlaybacksPayload', playbacks: Array<{ __typename?: 'Playback', id: string }> } };

export type ShareLinksQueryVariables = Exact<{
  playbackId: Scalars['ID']['input'];
}>;


export type ShareLinksQuery = { __typename?: 'Query', shareLinks: Array<{ __typename?: 'ShareLink', id: string, createdBy: string, expiresAt: string, revokedAt?: string | null, openings: number }> };

export type CreateShareLinkMutationVariables = Exact<{
  input: CreateShareLinkInput;
}>;


export type CreateShareLinkMutation = { __typename?: 'Mutation', createShareLink: { __typename?: 'CreateShareLinkPayload', url: string } };

export type RevokeShareLinkMutationVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type RevokeShareLinkMutation = { __typename?: 'Mutation', revokeShareLink: { __typename?: 'RevokeShareLinkPayload', shareLink: { __typename?: 'ShareLink', id: string } } };

export type ApiKeysQueryVariables = Exact<{ [key: string]: never; }>;


export type ApiKeysQuery = { __typename?: 'Query', apiKeys: Array<{ __typename?: 'ApiKey', id: string, name: string, role: Role, cameraIds?: Array<string> | null, expiresAt?: string | null, revokedAt?: string | null, lastUsedAt?: string | null }> };

export type CreateApiKeyMutationVariables = Exact<{
  input: CreateApiKeyInput;
}>;


export type CreateApiKeyMutation = { __typename?: 'Mutation', createApiKey: { __typename?: 'CreateApiKeyPayload', secret: string } };

export type RevokeApiKeyMutationVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type RevokeApiKeyMutation = { __typename?: 'Mutation', revokeApiKey: { __typename?: 'RevokeApiKeyPayload', apiKey: { __typename?: 'ApiKey', id: string } } };

export type TransitionsSubscriptionVariables = Exact<{
  after?: InputMaybe<Scalars['String']['input']>;
}>;


export type TransitionsSubscription = { __typename?: 'Subscription', playbackStatusChanged: { __typename?: 'PlaybackTransition', cursor: string, at: string, from?: RecordingStatus | null, to: RecordingStatus, playback: (
      { __typename?: 'Playback' }
      & PlaybackFieldsFragment
    ) } };

export type CameraStatesSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type CameraStatesSubscription = { __typename?: 'Subscription', cameraStateChanged: (
    { __typename?: 'Camera' }
    & CameraFieldsFragment
  ) };

export type OffsiteSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type OffsiteSubscription = { __typename?: 'Subscription', playbackOffsiteChanged: (
    { __typename?: 'Playback' }
    & PlaybackFieldsFragment
  ) };

export type NodesQueryVariables = Exact<{ [key: string]: never; }>;


export type NodesQuery = { __typename?: 'Query', nodes: Array<{ __typename?: 'ServerNode', id: string, site: string, url?: string | null, version: string, state: NodeState, problem?: string | null, heartbeatAt: string, cameras: number, recordings: number, capacity: number }> };

export type StoreProblemQueryVariables = Exact<{ [key: string]: never; }>;


export type StoreProblemQuery = { __typename?: 'Query', storeProblem?: string | null };

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { __typename?: 'Query', me: { __typename?: 'Me', name: string, role: Role, cameraIds?: Array<string> | null } };

export type PushKeyQueryVariables = Exact<{ [key: string]: never; }>;


export type PushKeyQuery = { __typename?: 'Query', pushKey: string };

export type SavePushSubscriptionMutationVariables = Exact<{
  input: SavePushSubscriptionInput;
}>;


export type SavePushSubscriptionMutation = { __typename?: 'Mutation', savePushSubscription: { __typename?: 'SavePushSubscriptionPayload', pushSubscription: { __typename?: 'PushSubscription', id: string } } };

export type DeletePushSubscriptionMutationVariables = Exact<{
  id: Scalars['ID']['input'];
}>;


export type DeletePushSubscriptionMutation = { __typename?: 'Mutation', deletePushSubscription: { __typename?: 'DeletePushSubscriptionPayload', id: string } };

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
export const CameraFieldsFragmentDoc = new TypedDocumentString(`
    fragment CameraFields on Camera {
  __typename
  id
  name
  channel
  rtspUrl
  enabled
  recordOn
  preRollSec
  postRollSec
  maxDurationSec
  site
  retention {
    eventType
    days
    maxBytes
  }
  state
  stateSince
  lastError
  lastErrorCode
  codec
  audioCodec
  resolution
  snapshotUrl
  updatedAt
}
    `, {"fragmentName":"CameraFields"}) as unknown as TypedDocumentString<CameraFieldsFragment, unknown>;
export const PlaybackFieldsFragmentDoc = new TypedDocumentString(`
    fragment PlaybackFields on Playback {
  __typename
  id
  recordingStatus
  startedAt
  endedAt
  endReason
  clipStartedAt
  preRollMs
  missedMs
  gaps {
    from
    to
  }
  durationMs
  fileSizeBytes
  codec
  audioCodec
  resolution
  videoUrl
  thumbnailUrl
  liveUrl
  offsiteUntil
  failure {
    code
    message
    fault
    retryable
  }
  protection {
    reason
    by
    at
  }
  reviewed
  camera {
    id
    name
  }
  event {
    id
    type
    label
    endedAt
    leaseExpiresAt
  }
  createdAt
  updatedAt
}
    `, {"fragmentName":"PlaybackFields"}) as unknown as TypedDocumentString<PlaybackFieldsFragment, unknown>;
export const CamerasDocument = new TypedDocumentString(`
    query Cameras {
  cameras {
    ...CameraFields
  }
}
    fragment CameraFields on Camera {
  __typename
  id
  name
  channel
  rtspUrl
  enabled
  recordOn
  preRollSec
  postRollSec
  maxDurationSec
  site
  retention {
    eventType
    days
    maxBytes
  }
  state
  stateSince
  lastError
  lastErrorCode
  codec
  audioCodec
  resolution
  snapshotUrl
  updatedAt
}`) as unknown as TypedDocumentString<CamerasQuery, CamerasQueryVariables>;
export const PlaybacksByCursorDocument = new TypedDocumentString(`
    query PlaybacksByCursor($filter: PlaybackFilter, $first: Int!, $after: String) {
  playbackConnection(filter: $filter, first: $first, after: $after) {
    nodes {
      ...PlaybackFields
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    fragment PlaybackFields on Playback {
  __typename
  id
  recordingStatus
  startedAt
  endedAt
  endReason
  clipStartedAt
  preRollMs
  missedMs
  gaps {
    from
    to
  }
  durationMs
  fileSizeBytes
  codec
  audioCodec
  resolution
  videoUrl
  thumbnailUrl
  liveUrl
  offsiteUntil
  failure {
    code
    message
    fault
    retryable
  }
  protection {
    reason
    by
    at
  }
  reviewed
  camera {
    id
    name
  }
  event {
    id
    type
    label
    endedAt
    leaseExpiresAt
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<PlaybacksByCursorQuery, PlaybacksByCursorQueryVariables>;
export const PlaybackCountDocument = new TypedDocumentString(`
    query PlaybackCount($filter: PlaybackFilter) {
  playbackConnection(filter: $filter, first: 1) {
    totalCount
  }
}
    `) as unknown as TypedDocumentString<PlaybackCountQuery, PlaybackCountQueryVariables>;
export const PlaybackCountsDocument = new TypedDocumentString(`
    query PlaybackCounts($filter: PlaybackFilter, $from: DateTime!, $to: DateTime!, $buckets: Int!) {
  playbackCounts(filter: $filter, from: $from, to: $to, buckets: $buckets) {
    cameraId
    eventType
    counts
  }
}
    `) as unknown as TypedDocumentString<PlaybackCountsQuery, PlaybackCountsQueryVariables>;
export const PlaybackStoryboardDocument = new TypedDocumentString(`
    query PlaybackStoryboard($id: ID!) {
  playback(id: $id) {
    storyboardUrl
  }
}
    `) as unknown as TypedDocumentString<PlaybackStoryboardQuery, PlaybackStoryboardQueryVariables>;
export const PlaybacksByNumberDocument = new TypedDocumentString(`
    query PlaybacksByNumber($filter: PlaybackFilter, $page: Int!, $pageSize: Int!) {
  playbacks(filter: $filter, page: $page, pageSize: $pageSize) {
    items {
      ...PlaybackFields
    }
    page
    total
    totalPages
  }
}
    fragment PlaybackFields on Playback {
  __typename
  id
  recordingStatus
  startedAt
  endedAt
  endReason
  clipStartedAt
  preRollMs
  missedMs
  gaps {
    from
    to
  }
  durationMs
  fileSizeBytes
  codec
  audioCodec
  resolution
  videoUrl
  thumbnailUrl
  liveUrl
  offsiteUntil
  failure {
    code
    message
    fault
    retryable
  }
  protection {
    reason
    by
    at
  }
  reviewed
  camera {
    id
    name
  }
  event {
    id
    type
    label
    endedAt
    leaseExpiresAt
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<PlaybacksByNumberQuery, PlaybacksByNumberQueryVariables>;
export const PlaybackDetailsDocument = new TypedDocumentString(`
    query PlaybackDetails($id: ID!) {
  playback(id: $id) {
    ...PlaybackFields
    event {
      channel
      description
      metadata
    }
    transitions {
      cursor
      from
      to
      at
    }
  }
}
    fragment PlaybackFields on Playback {
  __typename
  id
  recordingStatus
  startedAt
  endedAt
  endReason
  clipStartedAt
  preRollMs
  missedMs
  gaps {
    from
    to
  }
  durationMs
  fileSizeBytes
  codec
  audioCodec
  resolution
  videoUrl
  thumbnailUrl
  liveUrl
  offsiteUntil
  failure {
    code
    message
    fault
    retryable
  }
  protection {
    reason
    by
    at
  }
  reviewed
  camera {
    id
    name
  }
  event {
    id
    type
    label
    endedAt
    leaseExpiresAt
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<PlaybackDetailsQuery, PlaybackDetailsQueryVariables>;
export const PlaybackNeighboursDocument = new TypedDocumentString(`
    query PlaybackNeighbours($earlier: PlaybackFilter, $later: PlaybackFilter) {
  earlier: playbackConnection(filter: $earlier, first: 1) {
    nodes {
      ...PlaybackFields
    }
  }
  later: playbackConnection(filter: $later, last: 1) {
    nodes {
      ...PlaybackFields
    }
  }
}
    fragment PlaybackFields on Playback {
  __typename
  id
  recordingStatus
  startedAt
  endedAt
  endReason
  clipStartedAt
  preRollMs
  missedMs
  gaps {
    from
    to
  }
  durationMs
  fileSizeBytes
  codec
  audioCodec
  resolution
  videoUrl
  thumbnailUrl
  liveUrl
  offsiteUntil
  failure {
    code
    message
    fault
    retryable
  }
  protection {
    reason
    by
    at
  }
  reviewed
  camera {
    id
    name
  }
  event {
    id
    type
    label
    endedAt
    leaseExpiresAt
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<PlaybackNeighboursQuery, PlaybackNeighboursQueryVariables>;
export const PlaybackDownloadDocument = new TypedDocumentString(`
    query PlaybackDownload($id: ID!, $timeZone: String) {
  playback(id: $id) {
    downloadUrl(timeZone: $timeZone)
  }
}
    `) as unknown as TypedDocumentString<PlaybackDownloadQuery, PlaybackDownloadQueryVariables>;
export const ClipsDownloadDocument = new TypedDocumentString(`
    query ClipsDownload($ids: [ID!]!, $timeZone: String!) {
  clipsUrl(ids: $ids, timeZone: $timeZone)
}
    `) as unknown as TypedDocumentString<ClipsDownloadQuery, ClipsDownloadQueryVariables>;
export const CreateCameraDocument = new TypedDocumentString(`
    mutation CreateCamera($input: CreateCameraInput!) {
  createCamera(input: $input) {
    camera {
      ...CameraFields
    }
  }
}
    fragment CameraFields on Camera {
  __typename
  id
  name
  channel
  rtspUrl
  enabled
  recordOn
  preRollSec
  postRollSec
  maxDurationSec
  site
  retention {
    eventType
    days
    maxBytes
  }
  state
  stateSince
  lastError
  lastErrorCode
  codec
  audioCodec
  resolution
  snapshotUrl
  updatedAt
}`) as unknown as TypedDocumentString<CreateCameraMutation, CreateCameraMutationVariables>;
export const UpdateCameraDocument = new TypedDocumentString(`
    mutation UpdateCamera($input: UpdateCameraInput!) {
  updateCamera(input: $input) {
    camera {
      ...CameraFields
    }
  }
}
    fragment CameraFields on Camera {
  __typename
  id
  name
  channel
  rtspUrl
  enabled
  recordOn
  preRollSec
  postRollSec
  maxDurationSec
  site
  retention {
    eventType
    days
    maxBytes
  }
  state
  stateSince
  lastError
  lastErrorCode
  codec
  audioCodec
  resolution
  snapshotUrl
  updatedAt
}`) as unknown as TypedDocumentString<UpdateCameraMutation, UpdateCameraMutationVariables>;
export const DeleteCameraDocument = new TypedDocumentString(`
    mutation DeleteCamera($id: ID!) {
  deleteCamera(id: $id) {
    id
  }
}
    `) as unknown as TypedDocumentString<DeleteCameraMutation, DeleteCameraMutationVariables>;
export const CreateEventDocument = new TypedDocumentString(`
    mutation CreateEvent($input: CreateEventInput!) {
  createEvent(input: $input) {
    event {
      id
    }
    playback {
      ...PlaybackFields
    }
  }
}
    fragment PlaybackFields on Playback {
  __typename
  id
  recordingStatus
  startedAt
  endedAt
  endReason
  clipStartedAt
  preRollMs
  missedMs
  gaps {
    from
    to
  }
  durationMs
  fileSizeBytes
  codec
  audioCodec
  resolution
  videoUrl
  thumbnailUrl
  liveUrl
  offsiteUntil
  failure {
    code
    message
    fault
    retryable
  }
  protection {
    reason
    by
    at
  }
  reviewed
  camera {
    id
    name
  }
  event {
    id
    type
    label
    endedAt
    leaseExpiresAt
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<CreateEventMutation, CreateEventMutationVariables>;
export const EndEventDocument = new TypedDocumentString(`
    mutation EndEvent($id: ID!, $endedAt: DateTime) {
  endEvent(input: {id: $id, endedAt: $endedAt}) {
    playback {
      ...PlaybackFields
    }
  }
}
    fragment PlaybackFields on Playback {
  __typename
  id
  recordingStatus
  startedAt
  endedAt
  endReason
  clipStartedAt
  preRollMs
  missedMs
  gaps {
    from
    to
  }
  durationMs
  fileSizeBytes
  codec
  audioCodec
  resolution
  videoUrl
  thumbnailUrl
  liveUrl
  offsiteUntil
  failure {
    code
    message
    fault
    retryable
  }
  protection {
    reason
    by
    at
  }
  reviewed
  camera {
    id
    name
  }
  event {
    id
    type
    label
    endedAt
    leaseExpiresAt
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<EndEventMutation, EndEventMutationVariables>;
export const TestCameraDocument = new TypedDocumentString(`
    mutation TestCamera($input: TestCameraInput!) {
  testCamera(input: $input) {
    problem
    problemCode
    codec
    audioCodec
    resolution
    framesPerSec
    keyframeIntervalSec
    bitsPerSec
    picture
  }
}
    `) as unknown as TypedDocumentString<TestCameraMutation, TestCameraMutationVariables>;
export const StartRecordingDocument = new TypedDocumentString(`
    mutation StartRecording($cameraId: ID!, $durationSec: Int) {
  startRecording(input: {cameraId: $cameraId, durationSec: $durationSec}) {
    playback {
      ...PlaybackFields
    }
  }
}
    fragment PlaybackFields on Playback {
  __typename
  id
  recordingStatus
  startedAt
  endedAt
  endReason
  clipStartedAt
  preRollMs
  missedMs
  gaps {
    from
    to
  }
  durationMs
  fileSizeBytes
  codec
  audioCodec
  resolution
  videoUrl
  thumbnailUrl
  liveUrl
  offsiteUntil
  failure {
    code
    message
    fault
    retryable
  }
  protection {
    reason
    by
    at
  }
  reviewed
  camera {
    id
    name
  }
  event {
    id
    type
    label
    endedAt
    leaseExpiresAt
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<StartRecordingMutation, StartRecordingMutationVariables>;
export const StopRecordingDocument = new TypedDocumentString(`
    mutation StopRecording($playbackId: ID!) {
  stopRecording(playbackId: $playbackId) {
    playback {
      ...PlaybackFields
    }
  }
}
    fragment PlaybackFields on Playback {
  __typename
  id
  recordingStatus
  startedAt
  endedAt
  endReason
  clipStartedAt
  preRollMs
  missedMs
  gaps {
    from
    to
  }
  durationMs
  fileSizeBytes
  codec
  audioCodec
  resolution
  videoUrl
  thumbnailUrl
  liveUrl
  offsiteUntil
  failure {
    code
    message
    fault
    retryable
  }
  protection {
    reason
    by
    at
  }
  reviewed
  camera {
    id
    name
  }
  event {
    id
    type
    label
    endedAt
    leaseExpiresAt
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<StopRecordingMutation, StopRecordingMutationVariables>;
export const RetryPlaybackDocument = new TypedDocumentString(`
    mutation RetryPlayback($id: ID!) {
  retryPlayback(id: $id) {
    playback {
      ...PlaybackFields
    }
  }
}
    fragment PlaybackFields on Playback {
  __typename
  id
  recordingStatus
  startedAt
  endedAt
  endReason
  clipStartedAt
  preRollMs
  missedMs
  gaps {
    from
    to
  }
  durationMs
  fileSizeBytes
  codec
  audioCodec
  resolution
  videoUrl
  thumbnailUrl
  liveUrl
  offsiteUntil
  failure {
    code
    message
    fault
    retryable
  }
  protection {
    reason
    by
    at
  }
  reviewed
  camera {
    id
    name
  }
  event {
    id
    type
    label
    endedAt
    leaseExpiresAt
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<RetryPlaybackMutation, RetryPlaybackMutationVariables>;
export const DeletePlaybackDocument = new TypedDocumentString(`
    mutation DeletePlayback($id: ID!) {
  deletePlayback(id: $id) {
    id
  }
}
    `) as unknown as TypedDocumentString<DeletePlaybackMutation, DeletePlaybackMutationVariables>;
export const ProtectPlaybackDocument = new TypedDocumentString(`
    mutation ProtectPlayback($id: ID!, $reason: String!) {
  protectPlayback(id: $id, reason: $reason) {
    playback {
      ...PlaybackFields
    }
  }
}
    fragment PlaybackFields on Playback {
  __typename
  id
  recordingStatus
  startedAt
  endedAt
  endReason
  clipStartedAt
  preRollMs
  missedMs
  gaps {
    from
    to
  }
  durationMs
  fileSizeBytes
  codec
  audioCodec
  resolution
  videoUrl
  thumbnailUrl
  liveUrl
  offsiteUntil
  failure {
    code
    message
    fault
    retryable
  }
  protection {
    reason
    by
    at
  }
  reviewed
  camera {
    id
    name
  }
  event {
    id
    type
    label
    endedAt
    leaseExpiresAt
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<ProtectPlaybackMutation, ProtectPlaybackMutationVariables>;
export const UnprotectPlaybackDocument = new TypedDocumentString(`
    mutation UnprotectPlayback($id: ID!) {
  unprotectPlayback(id: $id) {
    playback {
      ...PlaybackFields
    }
  }
}
    fragment PlaybackFields on Playback {
  __typename
  id
  recordingStatus
  startedAt
  endedAt
  endReason
  clipStartedAt
  preRollMs
  missedMs
  gaps {
    from
    to
  }
  durationMs
  fileSizeBytes
  codec
  audioCodec
  resolution
  videoUrl
  thumbnailUrl
  liveUrl
  offsiteUntil
  failure {
    code
    message
    fault
    retryable
  }
  protection {
    reason
    by
    at
  }
  reviewed
  camera {
    id
    name
  }
  event {
    id
    type
    label
    endedAt
    leaseExpiresAt
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<UnprotectPlaybackMutation, UnprotectPlaybackMutationVariables>;
export const ReviewPlaybacksDocument = new TypedDocumentString(`
    mutation ReviewPlaybacks($ids: [ID!]!, $reviewed: Boolean!) {
  reviewPlaybacks(ids: $ids, reviewed: $reviewed) {
    playbacks {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<ReviewPlaybacksMutation, ReviewPlaybacksMutationVariables>;
export const ShareLinksDocument = new TypedDocumentString(`
    query ShareLinks($playbackId: ID!) {
  shareLinks(playbackId: $playbackId) {
    id
    createdBy
    expiresAt
    revokedAt
    openings
  }
}
    `) as unknown as TypedDocumentString<ShareLinksQuery, ShareLinksQueryVariables>;
export const CreateShareLinkDocument = new TypedDocumentString(`
    mutation CreateShareLink($input: CreateShareLinkInput!) {
  createShareLink(input: $input) {
    url
  }
}
    `) as unknown as TypedDocumentString<CreateShareLinkMutation, CreateShareLinkMutationVariables>;
export const RevokeShareLinkDocument = new TypedDocumentString(`
    mutation RevokeShareLink($id: ID!) {
  revokeShareLink(id: $id) {
    shareLink {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<RevokeShareLinkMutation, RevokeShareLinkMutationVariables>;
export const ApiKeysDocument = new TypedDocumentString(`
    query ApiKeys {
  apiKeys {
    id
    name
    role
    cameraIds
    expiresAt
    revokedAt
    lastUsedAt
  }
}
    `) as unknown as TypedDocumentString<ApiKeysQuery, ApiKeysQueryVariables>;
export const CreateApiKeyDocument = new TypedDocumentString(`
    mutation CreateApiKey($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    secret
  }
}
    `) as unknown as TypedDocumentString<CreateApiKeyMutation, CreateApiKeyMutationVariables>;
export const RevokeApiKeyDocument = new TypedDocumentString(`
    mutation RevokeApiKey($id: ID!) {
  revokeApiKey(id: $id) {
    apiKey {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<RevokeApiKeyMutation, RevokeApiKeyMutationVariables>;
export const TransitionsDocument = new TypedDocumentString(`
    subscription Transitions($after: String) {
  playbackStatusChanged(after: $after) {
    cursor
    at
    from
    to
    playback {
      ...PlaybackFields
    }
  }
}
    fragment PlaybackFields on Playback {
  __typename
  id
  recordingStatus
  startedAt
  endedAt
  endReason
  clipStartedAt
  preRollMs
  missedMs
  gaps {
    from
    to
  }
  durationMs
  fileSizeBytes
  codec
  audioCodec
  resolution
  videoUrl
  thumbnailUrl
  liveUrl
  offsiteUntil
  failure {
    code
    message
    fault
    retryable
  }
  protection {
    reason
    by
    at
  }
  reviewed
  camera {
    id
    name
  }
  event {
    id
    type
    label
    endedAt
    leaseExpiresAt
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<TransitionsSubscription, TransitionsSubscriptionVariables>;
export const CameraStatesDocument = new TypedDocumentString(`
    subscription CameraStates {
  cameraStateChanged {
    ...CameraFields
  }
}
    fragment CameraFields on Camera {
  __typename
  id
  name
  channel
  rtspUrl
  enabled
  recordOn
  preRollSec
  postRollSec
  maxDurationSec
  site
  retention {
    eventType
    days
    maxBytes
  }
  state
  stateSince
  lastError
  lastErrorCode
  codec
  audioCodec
  resolution
  snapshotUrl
  updatedAt
}`) as unknown as TypedDocumentString<CameraStatesSubscription, CameraStatesSubscriptionVariables>;
export const OffsiteDocument = new TypedDocumentString(`
    subscription Offsite {
  playbackOffsiteChanged {
    ...PlaybackFields
  }
}
    fragment PlaybackFields on Playback {
  __typename
  id
  recordingStatus
  startedAt
  endedAt
  endReason
  clipStartedAt
  preRollMs
  missedMs
  gaps {
    from
    to
  }
  durationMs
  fileSizeBytes
  codec
  audioCodec
  resolution
  videoUrl
  thumbnailUrl
  liveUrl
  offsiteUntil
  failure {
    code
    message
    fault
    retryable
  }
  protection {
    reason
    by
    at
  }
  reviewed
  camera {
    id
    name
  }
  event {
    id
    type
    label
    endedAt
    leaseExpiresAt
  }
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<OffsiteSubscription, OffsiteSubscriptionVariables>;
export const NodesDocument = new TypedDocumentString(`
    query Nodes {
  nodes {
    id
    site
    url
    version
    state
    problem
    heartbeatAt
    cameras
    recordings
    capacity
  }
}
    `) as unknown as TypedDocumentString<NodesQuery, NodesQueryVariables>;
export const StoreProblemDocument = new TypedDocumentString(`
    query StoreProblem {
  storeProblem
}
    `) as unknown as TypedDocumentString<StoreProblemQuery, StoreProblemQueryVariables>;
export const MeDocument = new TypedDocumentString(`
    query Me {
  me {
    name
    role
    cameraIds
  }
}
    `) as unknown as TypedDocumentString<MeQuery, MeQueryVariables>;
export const PushKeyDocument = new TypedDocumentString(`
    query PushKey {
  pushKey
}
    `) as unknown as TypedDocumentString<PushKeyQuery, PushKeyQueryVariables>;
export const SavePushSubscriptionDocument = new TypedDocumentString(`
    mutation SavePushSubscription($input: SavePushSubscriptionInput!) {
  savePushSubscription(input: $input) {
    pushSubscription {
      id
    }
  }
}
    `) as unknown as TypedDocumentString<SavePushSubscriptionMutation, SavePushSubscriptionMutationVariables>;
export const DeletePushSubscriptionDocument = new TypedDocumentString(`
    mutation DeletePushSubscription($id: ID!) {
  deletePushSubscription(id: $id) {
    id
  }
}
    `) as unknown as TypedDocumentString<DeletePushSubscriptionMutation, DeletePushSubscriptionMutationVariables>;