/** Clocks of the training loop. */

/** A function that gives the seconds since its last call, and adds them to the run's. */
export function stopwatch(total: { seconds: number }): () => number {
  let mark = performance.now();
  return () => {
    const now = performance.now();
    const seconds = (now - mark) / 1000;
    mark = now;
    total.seconds += seconds;
    return seconds;
  };
}

/** A function of the steps done that says when so many steps or minutes have passed since it last did. */
export function every({ steps = Infinity, minutes = Infinity }: { steps?: number; minutes?: number }) {
  let mark = performance.now();
  return (step: number): boolean => {
    const due = step % steps === 0 || performance.now() - mark >= minutes * 60_000;
    if (due) mark = performance.now();
    return due;
  };
}

/** The batches, each with the seconds that it was waited for. */
export async function* timed<T>(batches: AsyncIterable<T>): AsyncGenerator<{ batch: T; waited: number }> {
  let mark = performance.now();
  for await (const batch of batches) {
    yield { batch, waited: (performance.now() - mark) / 1000 };
    mark = performance.now();
  }
}
