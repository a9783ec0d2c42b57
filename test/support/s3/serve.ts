/** The S3 server as a process of its own, for measurements. Prints its address and credentials as one line of JSON. */
import { once } from 'node:events';
import { startS3Server } from './s3-server.ts';

const server = await startS3Server();
const { endpoint, bucket, region, accessKeyId, secretAccessKey } = server;
console.log(JSON.stringify({ endpoint, bucket, region, accessKeyId, secretAccessKey }));
// Ends with its parent, for whatever reason the parent ends.
process.stdin.resume();
await once(process.stdin, 'end');
await server.close();
