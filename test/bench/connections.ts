import { Agent, request } from 'node:http';

export type Ask = <Data>(query: string, variables?: object) => Promise<Data>;

/** A client that keeps this many connections open, with one request at a time on each. */
export function connections(url: string, count: number): { ask: Ask; close: () => void } {
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  const options = { agent, method: 'POST', headers: { 'content-type': 'application/json' } };
  const ask: Ask = (query, variables) =>
    new Promise((resolve, reject) => {
      request(`${url}/graphql`, options, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => {
          const { data, errors } = JSON.parse(text);
          if (errors) reject(new Error(JSON.stringify(errors)));
          else resolve(data);
        });
      })
        .on('error', reject)
        .end(JSON.stringify({ query, variables }));
    });
  return { ask, close: () => agent.destroy() };
}
