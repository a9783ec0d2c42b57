import os from 'node:os';
import { getHeapStatistics } from 'node:v8';

/** Bytes that this process may use: the smallest of the heap's limit, the container's limit and the machine's memory. */
export function memoryLimit(): number {
  const container = process.constrainedMemory();
  return Math.min(getHeapStatistics().heap_size_limit, os.totalmem(), container > 0 ? container : Infinity);
}
