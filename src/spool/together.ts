interface Runs {
  running: Promise<void>;
  /** The run after it, if somebody waits for one. */
  next: Promise<void> | undefined;
}

/**
 * Lets calls of the same moment share one run of `work` per folder. A call is answered by a run that begins after it: if
 * one is under way, the call waits for the next.
 */
export function together(work: (folder: string) => Promise<void>): (folder: string) => Promise<void> {
  const runsIn = new Map<string, Runs>();

  function start(folder: string): Promise<void> {
    const running = work(folder).finally(() => {
      if (runsIn.get(folder)?.running === running) runsIn.delete(folder);
    });
    runsIn.set(folder, { running, next: undefined });
    return running;
  }

  return (folder) => {
    const runs = runsIn.get(folder);
    if (!runs) return start(folder);
    const startNext = () => start(folder);
    runs.next ??= runs.running.then(startNext, startNext);
    return runs.next;
  };
}
