/** The list that the user saw last, newest first: the playback's page goes on to its neighbours in this list. */
let ids: readonly string[] = [];

export function rememberList(shown: readonly { readonly id: string }[]): void {
  ids = shown.map(({ id }) => id);
}

/** @returns the ids of the next earlier and the next later playback; undefined where the list does not say */
export function neighboursInList(id: string): { earlier: string | undefined; later: string | undefined } {
  const at = ids.indexOf(id);
  return at < 0 ? { earlier: undefined, later: undefined } : { earlier: ids[at + 1], later: ids[at - 1] };
}
