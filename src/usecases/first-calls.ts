/**
 * Lets the first of simultaneous calls with the same key work, while the others wait. Without that, the others would
 * begin work that has to be undone.
 */
export class FirstCalls {
  readonly #underWay = new Map<string, Promise<unknown>>();

  /**
   * @param find returns the result of an earlier call; undefined: there is none
   * @param make called if there is none
   */
  async run<T>(
    key: string,
    { find, make }: { find: () => Promise<T | undefined>; make: () => Promise<T> },
  ): Promise<T> {
    for (;;) {
      const earlier = await find();
      if (earlier !== undefined) return earlier;
      const other = this.#underWay.get(key);
      if (!other) break;
      await other.catch(() => {}); // its own caller gets the error
    }
    const making = make().finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, making);
    return making;
  }
}
