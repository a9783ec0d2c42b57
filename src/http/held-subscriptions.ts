import type { DocumentNode, ExecutionArgs } from 'graphql';
import { RequestError } from '../domain/errors.ts';
import type { Context } from '../graphql/context.ts';
import { sizeOfDocument } from './document-cache.ts';

/**
 * The longest text and variables of a subscription together, in characters. They stay in memory as long as the
 * subscription.
 */
const maxRequest = 16 * 1024;
/** Memory for position, queue and iterators of a subscription. */
const bytesPerSubscription = 4 * 1024;
/** Memory per character of JSON in the worst case, a list of empty lists. */
const bytesPerCharacter = 16;
/** The share of the memory that all subscriptions may take. */
const shareOfAll = 1 / 8;
/** The share of the memory that the subscriptions of one key may take. */
const shareOfKey = 1 / 16;

interface Held {
  readonly document: DocumentNode;
  readonly documentBytes: number;
  /** The bytes of the subscription without its document. */
  readonly bytes: number;
}

/** The memory of a group of subscriptions. A document that several of them share (from Yoga's cache) counts once. */
class Holding {
  readonly #documents = new Map<DocumentNode, number>();
  #bytes = 0;

  wouldHold({ document, documentBytes, bytes }: Held): number {
    return this.#bytes + bytes + (this.#documents.has(document) ? 0 : documentBytes);
  }

  add(held: Held): void {
    this.#bytes = this.wouldHold(held);
    this.#documents.set(held.document, (this.#documents.get(held.document) ?? 0) + 1);
  }

  remove({ document, documentBytes, bytes }: Held): void {
    const left = this.#documents.get(document)! - 1;
    if (left > 0) this.#documents.set(document, left);
    else this.#documents.delete(document);
    this.#bytes -= bytes + (left > 0 ? 0 : documentBytes);
  }

  get isEmpty(): boolean {
    return this.#documents.size === 0;
  }
}

/**
 * Limits the memory of open subscriptions, for each key and for all, over WebSocket and SSE.
 * @returns a function that counts a subscription, and returns a function to be called when it has ended; throws
 * RequestError QUERY_TOO_COMPLEX or CAPACITY
 */
export function holdSubscriptions(memory: number): (args: ExecutionArgs) => () => void {
  const all = new Holding();
  const ofKeys = new Map<string, Holding>();

  return (args) => {
    const { name } = (args.contextValue as Context).caller;
    const held = weigh(args);
    const ofKey = ofKeys.get(name) ?? new Holding();
    if (ofKey.wouldHold(held) > memory * shareOfKey || all.wouldHold(held) > memory * shareOfAll) {
      throw new RequestError('CAPACITY', 'Too many subscriptions are open; close some, or try again later.');
    }
    ofKeys.set(name, ofKey);
    for (const holding of [ofKey, all]) holding.add(held);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      for (const holding of [ofKey, all]) holding.remove(held);
      if (ofKey.isEmpty && ofKeys.get(name) === ofKey) ofKeys.delete(name);
    };
  };
}

function weigh({ document, contextValue }: ExecutionArgs): Held {
  const { params } = contextValue as { params?: { query?: string } };
  const { query = '', ...rest } = params ?? {};
  const restLength = JSON.stringify(rest).length;
  if (query.length + restLength > maxRequest) {
    throw new RequestError(
      'QUERY_TOO_COMPLEX',
      `The text and the variables of a subscription may have ${maxRequest} characters together.`,
    );
  }
  return {
    document,
    documentBytes: sizeOfDocument(document, query.length),
    bytes: bytesPerSubscription + restLength * bytesPerCharacter,
  };
}
