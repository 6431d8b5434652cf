import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { hostKey, type CommMessage, type KernelHost } from "../../src/core/kernel-host.js";
import { trainingMonitor } from "../../widgets/training-monitor.js";
import type { LogEvent } from "../../widgets/training-curves.js";

afterEach(() => delete (globalThis as Record<symbol, unknown>)[hostKey]);

const step = (number: number): LogEvent => ({ event: "step", step: number, loss: 2 / number, learningRate: 0.1 });

/** A front end that sees what is sent and displayed, and presses the button. */
function frontEnd() {
  const sent: Record<string, unknown>[] = [];
  const shown: Record<string, unknown>[] = [];
  let receive: (message: CommMessage) => void = () => assert.fail("nobody listens");
  const host: Partial<KernelHost> = {
    display: (bundle) => void shown.push(bundle),
    openComm: (targetName, _data, { id = "" } = {}) => ({
      id,
      targetName,
      send: (data) => void sent.push(data),
      onMessage: (listener) => void (receive = listener),
      onClose: () => undefined,
      close: () => undefined,
    }),
    onCommOpen: () => undefined,
  };
  (globalThis as Record<symbol, unknown>)[hostKey] = host;
  const press = () =>
    receive({ data: { method: "update", state: { stopping: true }, buffer_paths: [] }, metadata: {}, buffers: [] });
  return { sent, shown, press };
}

describe("the training monitor", () => {
  it("stops the run when the reader presses its button", async () => {
    const { shown, press } = frontEnd();
    const monitor = await trainingMonitor({ steps: 4 });
    assert.ok("application/vnd.jupyter.widget-view+json" in shown[0]);
    assert.equal(monitor.signal.aborted, false);
    press();
    assert.equal(monitor.signal.aborted, true);
    assert.match(String(monitor.signal.reason), /the reader stopped the training/);
  });

  it("tells how far the run is, not more often than can be read, and that it has ended", async () => {
    const { sent } = frontEnd();
    let time = 0;
    const monitor = await trainingMonitor({ steps: 4, now: () => time });
    for (let number = 1; number <= 3; number++) {
      monitor.onEvent(step(number));
      time += 150;
    }
    await monitor.end();
    const states = sent.map(({ state }) => state as Record<string, unknown>);
    assert.deepEqual(states, [
      { status: "step 1 of 4, loss 2", progress: 0.25 },
      { status: "step 3 of 4, loss 0.667", progress: 0.75 },
      { ended: true },
    ]);
  });

  it("draws curves and nothing else in a script", async () => {
    const shown: Record<string, unknown>[] = [];
    const monitor = await trainingMonitor({ interval: 0, display: (bundle) => void shown.push(bundle) });
    monitor.onEvent(step(1));
    await monitor.end();
    assert.deepEqual(
      shown.map((bundle) => "application/vnd.vegalite.v5+json" in bundle),
      [true, true],
    );
    assert.equal(monitor.events.length, 1);
  });
});
