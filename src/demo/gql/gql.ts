/* eslint-disable */
import * as types from './graphql.js';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "mutation AnalyticsBegin($input: CreateEventInput!) {\n  createEvent(input: $input) { event { id leaseExpiresAt } playback { id recordingStatus } }\n}": typeof types.AnalyticsBeginDocument,
    "mutation AnalyticsRenew($id: ID!, $leaseSec: Int!) {\n  renewEvent(input: { id: $id, leaseSec: $leaseSec }) { event { id leaseExpiresAt } }\n}": typeof types.AnalyticsRenewDocument,
    "mutation AnalyticsEnd($id: ID!) { endEvent(input: { id: $id }) { event { id endedAt } } }": typeof types.AnalyticsEndDocument,
    "query DemoCameras { cameras { id name } }": typeof types.DemoCamerasDocument,
    "mutation DemoCreateCamera($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }": typeof types.DemoCreateCameraDocument,
    "mutation DemoUpdateCamera($input: UpdateCameraInput!) { updateCamera(input: $input) { camera { id } } }": typeof types.DemoUpdateCameraDocument,
    "subscription DemoCameraState($cameraId: ID!) { cameraStateChanged(cameraId: $cameraId) { state lastError codec audioCodec resolution } }": typeof types.DemoCameraStateDocument,
    "mutation DemoCreateEvent($input: CreateEventInput!) { createEvent(input: $input) { event { id } playback { id recordingStatus } } }": typeof types.DemoCreateEventDocument,
    "mutation DemoEndEvent($input: EndEventInput!) { endEvent(input: $input) { event { endedAt } } }": typeof types.DemoEndEventDocument,
    "subscription DemoTransitions { playbackStatusChanged { at from to playback { id } } }": typeof types.DemoTransitionsDocument,
    "query DemoPlayback($id: ID!) {\n    playback(id: $id) {\n      startedAt endedAt endReason clipStartedAt preRollMs missedMs durationMs fileSizeBytes\n      codec audioCodec resolution videoUrl thumbnailUrl errorMessage\n    }\n  }": typeof types.DemoPlaybackDocument,
};
const documents: Documents = {
    "mutation AnalyticsBegin($input: CreateEventInput!) {\n  createEvent(input: $input) { event { id leaseExpiresAt } playback { id recordingStatus } }\n}": types.AnalyticsBeginDocument,
    "mutation AnalyticsRenew($id: ID!, $leaseSec: Int!) {\n  renewEvent(input: { id: $id, leaseSec: $leaseSec }) { event { id leaseExpiresAt } }\n}": types.AnalyticsRenewDocument,
    "mutation AnalyticsEnd($id: ID!) { endEvent(input: { id: $id }) { event { id endedAt } } }": types.AnalyticsEndDocument,
    "query DemoCameras { cameras { id name } }": types.DemoCamerasDocument,
    "mutation DemoCreateCamera($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }": types.DemoCreateCameraDocument,
    "mutation DemoUpdateCamera($input: UpdateCameraInput!) { updateCamera(input: $input) { camera { id } } }": types.DemoUpdateCameraDocument,
    "subscription DemoCameraState($cameraId: ID!) { cameraStateChanged(cameraId: $cameraId) { state lastError codec audioCodec resolution } }": types.DemoCameraStateDocument,
    "mutation DemoCreateEvent($input: CreateEventInput!) { createEvent(input: $input) { event { id } playback { id recordingStatus } } }": types.DemoCreateEventDocument,
    "mutation DemoEndEvent($input: EndEventInput!) { endEvent(input: $input) { event { endedAt } } }": types.DemoEndEventDocument,
    "subscription DemoTransitions { playbackStatusChanged { at from to playback { id } } }": types.DemoTransitionsDocument,
    "query DemoPlayback($id: ID!) {\n    playback(id: $id) {\n      startedAt endedAt endReason clipStartedAt preRollMs missedMs durationMs fileSizeBytes\n      codec audioCodec resolution videoUrl thumbnailUrl errorMessage\n    }\n  }": types.DemoPlaybackDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation AnalyticsBegin($input: CreateEventInput!) {\n  createEvent(input: $input) { event { id leaseExpiresAt } playback { id recordingStatus } }\n}"): typeof import('./graphql.js').AnalyticsBeginDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation AnalyticsRenew($id: ID!, $leaseSec: Int!) {\n  renewEvent(input: { id: $id, leaseSec: $leaseSec }) { event { id leaseExpiresAt } }\n}"): typeof import('./graphql.js').AnalyticsRenewDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation AnalyticsEnd($id: ID!) { endEvent(input: { id: $id }) { event { id endedAt } } }"): typeof import('./graphql.js').AnalyticsEndDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query DemoCameras { cameras { id name } }"): typeof import('./graphql.js').DemoCamerasDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation DemoCreateCamera($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }"): typeof import('./graphql.js').DemoCreateCameraDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation DemoUpdateCamera($input: UpdateCameraInput!) { updateCamera(input: $input) { camera { id } } }"): typeof import('./graphql.js').DemoUpdateCameraDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription DemoCameraState($cameraId: ID!) { cameraStateChanged(cameraId: $cameraId) { state lastError codec audioCodec resolution } }"): typeof import('./graphql.js').DemoCameraStateDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation DemoCreateEvent($input: CreateEventInput!) { createEvent(input: $input) { event { id } playback { id recordingStatus } } }"): typeof import('./graphql.js').DemoCreateEventDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation DemoEndEvent($input: EndEventInput!) { endEvent(input: $input) { event { endedAt } } }"): typeof import('./graphql.js').DemoEndEventDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription DemoTransitions { playbackStatusChanged { at from to playback { id } } }"): typeof import('./graphql.js').DemoTransitionsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query DemoPlayback($id: ID!) {\n    playback(id: $id) {\n      startedAt endedAt endReason clipStartedAt preRollMs missedMs durationMs fileSizeBytes\n      codec audioCodec resolution videoUrl thumbnailUrl errorMessage\n    }\n  }"): typeof import('./graphql.js').DemoPlaybackDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
