import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';

/** What a word, name or sign costs in a parsed document, with its token and location. */
const bytesPerToken = 400;

/** Bytes that a parsed document holds. */
export const sizeOfDocument = (document: DocumentNode, textLength: number): number =>
  textLength + (document.tokenCount ?? 0) * bytesPerToken;

/**
 * Parsed documents for Yoga, whose own caches count a thousand of any size. Of what cannot be parsed nothing is kept:
 * its error holds the whole text, and saying it again costs no more than parsing it again.
 */
export function documentCaches(maxBytes: number) {
  const documents = new LRUCache<string, DocumentNode>({
    maxSize: maxBytes,
    // One large document must not push out hundreds of small ones.
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
