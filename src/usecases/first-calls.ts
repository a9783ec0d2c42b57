/**
 * Lets the first of several calls with the same key do its work; calls that come meanwhile wait for it, so that nothing
 * of theirs begins only to be undone.
 */
export class FirstCalls {
  readonly #underWay = new Map<string, Promise<unknown>>();

  /**
   * @param find what an earlier call has made; undefined: nothing
   * @param make is called if there is nothing yet
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
