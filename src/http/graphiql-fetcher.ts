/**
 * How GraphiQL's page sends operations. It sends subscriptions over SSE, because a request carries the headers of the
 * Headers tab and a browser's WebSocket does not. Messages of a subscription stay in the result, newest first. The
 * toolbar names the caller.
 */
export const fetcherScript = `
const keptMessages = 100;

function operationOf({ operationName }, { documentAST } = {}) {
  const operations = documentAST?.definitions.filter(({ kind }) => kind === 'OperationDefinition') ?? [];
  return operations.find(({ name }) => !operationName || name?.value === operationName)?.operation;
}

function post(params, headers, accept, signal) {
  const body = JSON.stringify(params);
  return fetch(location.pathname, { method: 'POST', headers: { 'content-type': 'application/json', accept, ...headers }, body, signal });
}

async function fetcher(params, options) {
  const headers = options?.headers ?? {};
  // The result says why the server does not name the caller.
  void showMe(headers).catch(() => {});
  if (operationOf(params, options) === 'subscription')
    return { subscribe: (observer) => subscribe(params, headers, observer) };
  const response = await post(params, headers, 'application/graphql-response+json, application/json');
  return response.json();
}

function subscribe(params, headers, observer) {
  const abort = new AbortController();
  follow(params, headers, observer, abort.signal)
    .then(() => observer.complete())
    .catch((error) => abort.signal.aborted || observer.error(error));
  return { unsubscribe: () => abort.abort() };
}

async function follow(params, headers, observer, signal) {
  const response = await post(params, headers, 'text/event-stream', signal);
  if (!response.headers.get('content-type')?.startsWith('text/event-stream')) return observer.next(await response.json());
  const messages = [];
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ''; ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (text + value).split('\\n\\n');
    text = blocks.pop();
    for (const block of blocks) {
      const data = /^data: ?(.+)$/m.exec(block)?.[1];
      if (!data) continue;
      messages.unshift(JSON.parse(data));
      observer.next({ messages: messages.length, newestFirst: messages.slice(0, keptMessages) });
    }
  }
}

let shownFor;
async function showMe(headers) {
  const key = JSON.stringify(headers);
  if (key === shownFor) return;
  shownFor = key;
  const response = await post({ query: '{ me { name role } }' }, headers, 'application/json');
  const me = (await response.json()).data?.me;
  document.getElementById('me').textContent = me ? me.name + ' (' + me.role.toLowerCase() + ')' : 'no key: see the Headers tab';
}

const renderGraphiQL = (root, options) => YogaGraphiQL.renderYogaGraphiQL(root, { ...options, fetcher });
`;
