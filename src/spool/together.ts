interface Runs {
  running: Promise<void>;
  /** The run that begins after the present one, if a call waits for it. */
  next: Promise<void> | undefined;
}

/**
 * Lets simultaneous calls share one run of `work` per folder. A run answers only calls that came before it began.
 * Calls that come while one is running wait for the next.
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
