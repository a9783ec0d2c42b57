import type { EventType } from '../gql/graphql.ts';

export interface Example {
  readonly language: string;
  readonly code: string;
}

/** The first three calls of a client: an event begins, it ends, its clip is there. They work as they stand. */
export const examplesFor = (origin: string, cameraId: string, type: EventType): readonly Example[] => [
  {
    language: 'curl',
    code: `call() {
  curl -s ${origin}/graphql -H 'content-type: application/json' \\
    -H "authorization: Bearer $FLASHBACK_KEY" -d "$1"; echo
}
call '{"query": "mutation { createEvent(input: { cameraId: \\"${cameraId}\\", type: ${type}, leaseSec: 60 }) { event { id } playback { id } } }"}'
# with the ids of the answer:
call '{"query": "mutation { endEvent(input: { id: \\"EVENT\\" }) { event { endedAt } } }"}'
call '{"query": "{ playback(id: \\"PLAYBACK\\") { recordingStatus videoUrl } }"}'`,
  },
  {
    language: 'Python',
    code: `import json, os, time, urllib.request

def call(query, **variables):
    request = urllib.request.Request(
        "${origin}/graphql",
        json.dumps({"query": query, "variables": variables}).encode(),
        {"content-type": "application/json",
         "authorization": "Bearer " + os.environ.get("FLASHBACK_KEY", "")})
    answer = json.load(urllib.request.urlopen(request))
    if "errors" in answer:
        raise RuntimeError(answer["errors"][0]["message"])
    return answer["data"]

begun = call("""mutation($camera: ID!) {
  createEvent(input: { cameraId: $camera, type: ${type}, leaseSec: 60 }) { event { id } playback { id } }
}""", camera="${cameraId}")["createEvent"]
time.sleep(3)
call("mutation($id: ID!) { endEvent(input: { id: $id }) { event { endedAt } } }", id=begun["event"]["id"])
time.sleep(3)
print(call("query($id: ID!) { playback(id: $id) { recordingStatus videoUrl } }", id=begun["playback"]["id"]))`,
  },
  {
    language: 'TypeScript',
    code: `import { env } from 'node:process';

async function call(query: string, variables: object) {
  const response = await fetch('${origin}/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: \`Bearer \${env['FLASHBACK_KEY']}\`,
    },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors[0].message);
  return data;
}
const seconds = (n: number) => new Promise((resolve) => setTimeout(resolve, n * 1_000));

const { createEvent } = await call(
  \`mutation($camera: ID!) {
    createEvent(input: { cameraId: $camera, type: ${type}, leaseSec: 60 }) { event { id } playback { id } }
  }\`,
  { camera: '${cameraId}' },
);
await seconds(3);
await call('mutation($id: ID!) { endEvent(input: { id: $id }) { event { endedAt } } }', createEvent.event);
await seconds(3);
console.log(await call('query($id: ID!) { playback(id: $id) { recordingStatus videoUrl } }', createEvent.playback));`,
  },
];
