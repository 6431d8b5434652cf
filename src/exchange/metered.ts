/** An exchange that knows how long its rank stood in it. */
import type { Exchange } from "./exchange.js";

export interface MeteredExchange extends Exchange {
  /** Seconds in calls since this was last asked: sending, adding up, and waiting for ranks that are not as far. */
  lap(): number;
}

/** The same exchange with a clock. */
export function metered(exchange: Exchange): MeteredExchange {
  let milliseconds = 0;
  const during = <T>(work: () => T): T => {
    const start = performance.now();
    try {
      return work();
    } finally {
      milliseconds += performance.now() - start;
    }
  };
  const until = async (work: () => Promise<void>): Promise<void> => {
    const start = performance.now();
    try {
      await work();
    } finally {
      milliseconds += performance.now() - start;
    }
  };
  return {
    rank: exchange.rank,
    size: exchange.size,
    sum: (arrays) => until(() => exchange.sum(arrays)),
    sumAtOnce: (arrays) => during(() => exchange.sumAtOnce(arrays)),
    beginSum(values) {
      const sum = during(() => exchange.beginSum(values));
      return { poll: () => during(() => sum.poll()), end: () => until(() => sum.end()) };
    },
    broadcast: (arrays) => until(() => exchange.broadcast(arrays)),
    barrier: () => until(() => exchange.barrier()),
    end: () => exchange.end(),
    lap() {
      const seconds = milliseconds / 1000;
      milliseconds = 0;
      return seconds;
    },
  };
}
