import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { graphql } from './gql/gql.js';
import type { TypedDocumentString } from './gql/graphql.js';

/** A client of Flashback like that of an analytics service: mutations over HTTP, subscriptions over WebSocket. */

export const CamerasDocument = graphql(`query DemoCameras { cameras { id name } }`);

export const CreateCameraDocument = graphql(
  `mutation DemoCreateCamera($input: CreateCameraInput!) { createCamera(input: $input) { camera { id } } }`,
);

export const UpdateCameraDocument = graphql(
  `mutation DemoUpdateCamera($input: UpdateCameraInput!) { updateCamera(input: $input) { camera { id } } }`,
);

export const CameraStateDocument = graphql(
  `subscription DemoCameraState($cameraId: ID!) { cameraStateChanged(cameraId: $cameraId) { state lastError codec audioCodec resolution } }`,
);

export const CreateEventDocument = graphql(
  `mutation DemoCreateEvent($input: CreateEventInput!) { createEvent(input: $input) { event { id } playback { id recordingStatus } } }`,
);

export const EndEventDocument = graphql(
  `mutation DemoEndEvent($input: EndEventInput!) { endEvent(input: $input) { event { endedAt } } }`,
);

export const TransitionsDocument = graphql(
  `subscription DemoTransitions { playbackStatusChanged { at from to playback { id } } }`,
);

export const PlaybackDocument = graphql(
  `query DemoPlayback($id: ID!) {
    playback(id: $id) {
      startedAt endedAt endReason clipStartedAt preRollMs missedMs durationMs fileSizeBytes
      codec audioCodec resolution videoUrl thumbnailUrl errorMessage
    }
  }`,
);

export interface FlashbackClient {
  /** @throws Error with the server's message */
  request<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
  ): Promise<Result>;
  subscribe<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    next: (result: Result) => void,
  ): () => void;
  close(): Promise<void>;
}

/** @param url the server's base address */
export function connect(url: string): FlashbackClient {
  const endpoint = `${url}/graphql`;
  const socket: Client = createClient({ url: endpoint.replace(/^http/, 'ws'), webSocketImpl: WebSocket });
  return {
    async request(document, variables) {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: document.toString(), variables }),
      });
      const { data, errors } = (await response.json()) as { data: never; errors?: { message: string }[] };
      if (errors) throw new Error(errors.map((error) => error.message).join('; '));
      return data;
    },
    subscribe(document, variables, next) {
      return socket.subscribe<never>(
        { query: document.toString(), variables: variables as Record<string, unknown> },
        {
          next: ({ data }) => data && next(data),
          error: (error) => console.error('The subscription ended:', error),
          complete: () => {},
        },
      );
    },
    async close() {
      await socket.dispose();
    },
  };
}
