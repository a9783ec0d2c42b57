import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/** Memory per token of a parsed document, with its node and location. */
const bytesPerToken = 400;

/** The memory of a parsed document, in bytes. */
export const sizeOfDocument = (document: DocumentNode, textLength: number): number =>
  textLength + (document.tokenCount ?? 0) * bytesPerToken;

/**
 * Caches of parsed documents for Yoga, limited by bytes. Yoga's own caches hold a thousand documents of any size. Syntax
 * errors are not cached: an error contains the whole text, and parsing again is cheap.
 */
export function documentCaches(maxBytes: number) {
  const documents = new LRUCache<string, DocumentNode>({
    maxSize: maxBytes,
    // A large document must not evict hundreds of small ones.
    maxEntrySize: Math.ceil(maxBytes / 16),
    sizeCalculation: (document, text) => sizeOfDocument(document, text.length),
  });
  return {
    documentCache: {
      get: (text: string) => documents.get(text),
      set: (text: string, document: DocumentNode) => void documents.set(text, document),
    },
    errorCache: { get: () => undefined, set: () => {} },
  };
}
