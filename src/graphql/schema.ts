import { measureFields } from './answer-size.ts';
import { builder } from './builder.ts';

builder.queryType({ description: 'Queries.' });
builder.mutationType({ description: 'Mutations.' });
builder.subscriptionType({
  description: 'Subscriptions, over WebSocket (graphql-transport-ws) or SSE.',
});

// Each of these adds its types and fields to the builder.
await import('./scalars.ts');
await import('./camera.ts');
await import('./camera-mutations.ts');
await import('./event.ts');
await import('./event-mutations.ts');
await import('./event-lists.ts');
await import('./playback.ts');
await import('./playback-lists.ts');
await import('./playback-counts.ts');
await import('./playback-mutations.ts');
await import('./clips-zip.ts');
await import('./share-links.ts');
await import('./push-subscriptions.ts');
await import('./subscriptions.ts');
await import('./keys.ts');
await import('./key-mutations.ts');
await import('./nodes.ts');

/** The whole schema. `npm run schema` prints it to schema.graphql. */
export const schema = measureFields(builder.toSchema());
