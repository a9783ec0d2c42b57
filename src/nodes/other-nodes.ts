import type { Db } from '../db/client.ts';
import { type LiveNode, liveNodes } from '../db/nodes.ts';
import type { Incarnation } from '../db/session.ts';
import { RequestError } from '../domain/errors.ts';
import { type CallSigner, signatureHeader } from './signature.ts';
import { decodeValue, encodeValue } from './values.ts';

export interface OtherNodesOptions {
  readonly db: Db;
  readonly self: Incarnation;
  /** Whether this server works alone with its database. Then there are no other nodes. */
  readonly isAlone: boolean;
  readonly signer: CallSigner;
}

/**
 * How long an answer may take (ms). `record` is short, because createEvent waits for it, and because a repeated call must
 * still find the whole pre-roll: a ring holds only two seconds more (`ringSlackSec` in recording/feed/feed.ts). `files` is
 * long, because a file is passed on only as fast as its viewer takes it.
 */
const withinMs = { record: 1_500, otherTasks: 10_000, files: 60_000 };
/** How long the addresses of nodes are kept before they are read again. */
const knownMs = 1_000;

/** A node did not confirm a call: it does not answer, has ended, or is not the owner. It may have done the task anyway. */
export class NodeAway extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'NodeAway';
  }
}

const noAnswer = (nodeId: string, cause?: unknown) =>
  new NodeAway(`The node ${nodeId} does not answer.`, cause);

/** Names one start of a node. Calls carry this name, so that only that start accepts them. */
export const nameOf = ({ nodeId, incarnation }: Incarnation): string => `${nodeId} ${incarnation}`;

/** Calls the other nodes of this database over HTTP. */
export class OtherNodes {
  readonly #options: OtherNodesOptions;
  #known: Promise<Map<string, LiveNode>> | undefined;
  #knownAt = 0;

  constructor(options: OtherNodesOptions) {
    this.#options = options;
  }

  /** Whether this server works alone with its database. */
  get isAlone(): boolean {
    return this.#options.isAlone;
  }

  /** Whether that node is another server. Rows without a node belong to every server. */
  isElsewhere(nodeId: string | null): nodeId is string {
    return !this.#options.isAlone && nodeId !== null && nodeId !== this.#options.self.nodeId;
  }

  /** The ids of the other live nodes. */
  async live(): Promise<string[]> {
    return this.#options.isAlone
      ? []
      : [...(await this.#nodes()).keys()].filter((id) => this.isElsewhere(id));
  }

  /**
   * Has another node do a task.
   * @throws RequestError the error of the task. @throws NodeAway
   */
  async call(nodeId: string, task: string, input: unknown): Promise<unknown> {
    const body = encodeValue(input);
    const patience = task === 'record' ? withinMs.record : withinMs.otherTasks;
    const call = { method: 'POST', path: `/node/tasks/${task}`, body };
    const response = await this.#send(nodeId, call, patience);
    const text = await response.text().catch((error) => {
      throw noAnswer(nodeId, error);
    });
    if (response.ok) return decodeValue(text);
    if (response.status !== 400) throw new NodeAway(`The node ${nodeId} answers: ${text}`);
    const { code, message, details } = decodeValue(text) as RequestError;
    throw new RequestError(code, message, details);
  }

  /** Reads what another node serves. @param path below /node/ @throws NodeAway */
  fetch(nodeId: string, path: string): Promise<Response> {
    return this.#send(nodeId, { method: 'GET', path: `/node/${path}` }, withinMs.files);
  }

  /** The same for an answer that may go on for ever. @param signal ends it */
  async stream(nodeId: string, path: string, signal: AbortSignal): Promise<Response> {
    const begins = new AbortController();
    const timer = setTimeout(() => begins.abort(), withinMs.otherTasks);
    try {
      const either = AbortSignal.any([signal, begins.signal]);
      return await this.#send(nodeId, { method: 'GET', path: `/node/${path}` }, withinMs.otherTasks, either);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * @param patienceMs how long this node waits for the answer, and so how long the call is valid
   * @param signal ends the wait; by default, when that time is over
   */
  async #send(
    nodeId: string,
    call: { method: string; path: string; body?: string },
    patienceMs: number,
    signal = AbortSignal.timeout(patienceMs),
  ): Promise<Response> {
    const node = (await this.#nodes()).get(nodeId);
    if (!node) throw noAnswer(nodeId);
    const { method, path, body } = call;
    const to = nameOf({ nodeId, incarnation: node.incarnation });
    const signature = this.#options.signer.sign({ method, path, to, body: body ?? '' }, patienceMs);
    try {
      return await fetch(`${node.url}${path}`, {
        method,
        headers: { [signatureHeader]: signature, 'content-type': 'application/json' },
        ...(body !== undefined && { body }),
        signal,
        redirect: 'error',
      });
    } catch (error) {
      this.#known = undefined;
      throw noAnswer(nodeId, error);
    }
  }

  async #nodes(): Promise<Map<string, LiveNode>> {
    if (!this.#known || performance.now() - this.#knownAt > knownMs) {
      this.#knownAt = performance.now();
      const reading = liveNodes(this.#options.db).then((nodes) => new Map(nodes.map((it) => [it.id, it])));
      this.#known = reading;
      reading.catch(() => {
        // The caller gets the error; the next call reads again.
        this.#known = undefined;
      });
    }
    return this.#known;
  }
}
