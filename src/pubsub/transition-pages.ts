import type { Db } from '../db/client.ts';
import { isAfter, type Position, type Transition, transitionsAfter } from '../db/transitions.ts';

export const pageSize = 500;
/**
 * How many full pages are kept for other subscribers, and for how long. The results that fan-out.ts has for a page are
 * kept as long.
 */
const keptPages = 4;
const keptMs = 5_000;

interface Page {
  /** Oldest first. */
  readonly transitions: readonly Transition[];
  /** Whether there were no more transitions below the horizon. */
  readonly isLast: boolean;
}

interface KeptPage {
  readonly after: Position;
  readonly page: Page;
}

/**
 * Pages of transitions for subscribers with a backlog. Subscribers that are equally far behind share a page: it is read
 * from the database once and consists of the same objects for all of them, so http/fan-out.ts executes equal selections
 * once. Without sharing, each backlog would cost more work than live delivery, and subscribers would never catch up.
 */
export class TransitionPages {
  readonly #db: Db;
  #kept: readonly KeptPage[] = [];
  readonly #underWay = new Map<string, Promise<Page>>();

  constructor(db: Db) {
    this.#db = db;
  }

  async after(position: Position): Promise<Page> {
    for (const { after, page } of this.#kept) {
      // A subscriber whose position is inside a page gets the rest of that page. Its next page then begins where the
      // next page of the other subscribers begins.
      if (isAfter(after, position) || !isAfter(page.transitions.at(-1)!, position)) continue;
      const rest = page.transitions.filter((transition) => isAfter(transition, position));
      return { transitions: rest, isLast: false };
    }
    const name = `${position.xid} ${position.id}`;
    const underWay = this.#underWay.get(name);
    const shared = underWay && (await underWay);
    if (shared && !shared.isLast) return shared;
    // A last page is not shared: transitions may have been added since it was read.
    const page = this.#read(position).finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, page);
    return page;
  }

  async #read(after: Position): Promise<Page> {
    const { transitions } = await transitionsAfter(this.#db, after, pageSize);
    const page = { transitions, isLast: transitions.length < pageSize };
    // Below the horizon, no transition can be added between two others any more, so a page that is not the last never
    // changes. After the last page, transitions may be added.
    if (!page.isLast) this.#keep({ after, page });
    return page;
  }

  #keep(page: KeptPage): void {
    this.#kept = [page, ...this.#kept].slice(0, keptPages);
    const forget = () => {
      this.#kept = this.#kept.filter((other) => other !== page);
    };
    setTimeout(forget, keptMs).unref();
  }
}
