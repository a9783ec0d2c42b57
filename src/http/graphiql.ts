import type { Db } from '../db/client.ts';
import { type Asset, makeAsset } from './assets.ts';
import { fetcherScript } from './graphiql-fetcher.ts';
import { inlineSource, pagePolicy } from './security-headers.ts';

/** The scripts are inline, and are allowed by their hashes. They start workers from blobs. */
const policyOf = (scripts: readonly string[]) =>
  pagePolicy([
    "default-src 'none'",
    `script-src ${scripts.map(inlineSource).join(' ')} blob:`,
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    "connect-src 'self'",
  ]);

/** The title in the toolbar. The script of graphiql-fetcher.ts fills in `me`. */
const title = 'Flashback <small id="me"></small>';

/** Makes the page call the script of graphiql-fetcher.ts, which passes a function: the page itself passes only JSON. */
function withFetcher(html: string): string {
  const call = 'YogaGraphiQL.renderYogaGraphiQL(';
  const at = html.lastIndexOf(call);
  const page = `${html.slice(0, at)}${fetcherScript}renderGraphiQL(${html.slice(at + call.length)}`;
  return page.replace(`<title>${title}</title>`, '<title>Flashback</title>');
}

async function makePage(operations: string): Promise<Asset> {
  // Imported only for the first page: these nine megabytes of JavaScript would delay every start.
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const html = withFetcher(
    renderGraphiQL({ title, defaultQuery: operations } as Parameters<typeof renderGraphiQL>[0]),
  );
  const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map((match) => match[1]!);
  return makeAsset(Buffer.from(html), {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'content-security-policy': policyOf(scripts),
  });
}

/**
 * GraphiQL's page has nine megabytes, so the page that was made last is kept in memory.
 * @returns a function that takes the text of the first tab and returns the page
 */
export function createGraphiqlPage(): (operations: string) => Promise<Asset> {
  let made: { operations: string; page: Promise<Asset> } | undefined;
  return (operations) => {
    if (made?.operations !== operations) made = { operations, page: makePage(operations) };
    return made.page;
  };
}

/**
 * The text of GraphiQL's first tab: operations that work unchanged, with the id of a camera. The event has a lease: it
 * ends by itself, and its clip is COMPLETED some seconds later.
 * @param db undefined if keys are needed: the page itself needs none, so it must not contain a camera's id
 */
export async function exampleOperations(db: Db | undefined): Promise<string> {
  const camera = await db?.camera.findFirst({ orderBy: { createdAt: 'asc' }, select: { id: true } });
  const id = camera?.id ?? '00000000-0000-0000-0000-000000000000';
  const add = `# ${camera ? 'A further camera.' : 'Add a camera, or look one up with Cameras, and put its id into Trigger.'}
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
#
# A server with keys: open the Headers tab below, and write
#   { "authorization": "Bearer YOUR-KEY" }
# The toolbar says whose key it is.

# 1. Watch every change of every recording, as it happens,
#    the newest first. Leave it running in a tab of its own.
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
