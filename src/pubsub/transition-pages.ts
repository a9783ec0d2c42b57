import type { Db } from '../db/client.ts';
import { isAfter, type Position, type Transition, transitionsAfter } from '../db/transitions.ts';

export const pageSize = 500;
/** Full pages that are kept for whoever is as far behind, and for how long: what was executed for them goes with them. */
const kept = 4;
const keptMs = 5_000;

interface Page {
  /** Oldest first. */
  readonly transitions: readonly Transition[];
  /** There was nothing more below the horizon. */
  readonly isLast: boolean;
}

interface KeptPage {
  readonly after: Position;
  readonly page: Page;
}

/**
 * What subscribers who are behind read. Those who fell behind together read together: the same page comes from the
 * database once, and as the same objects, for which what they ask alike is executed once (http/fan-out.ts). Else
 * falling behind would make everything dearer, and they would never catch up.
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
      // Whoever joins in the middle of a page begins the next one where all others do.
      if (isAfter(after, position) || !isAfter(page.transitions.at(-1)!, position)) continue;
      return { transitions: page.transitions.filter((it) => isAfter(it, position)), isLast: false };
    }
    const name = `${position.xid} ${position.id}`;
    const underWay = this.#underWay.get(name);
    const shared = underWay && (await underWay);
    if (shared && !shared.isLast) return shared;
    // That nothing more is there holds for whoever asked before it was read, and for nobody else.
    const page = this.#read(position).finally(() => this.#underWay.delete(name));
    this.#underWay.set(name, page);
    return page;
  }

  async #read(after: Position): Promise<Page> {
    const { transitions } = await transitionsAfter(this.#db, after, pageSize);
    const page = { transitions, isLast: transitions.length < pageSize };
    // More may come after the last page; what is between two transitions of a full one is final.
    if (!page.isLast) this.#keep({ after, page });
    return page;
  }

  #keep(known: KeptPage): void {
    this.#kept = [known, ...this.#kept].slice(0, kept);
    const forget = () => {
      this.#kept = this.#kept.filter((it) => it !== known);
    };
    setTimeout(forget, keptMs).unref();
  }
}
