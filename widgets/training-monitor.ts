/** A run while it goes on: its curves, how far it is, and a button that stops it. */
import { browserFile } from "../src/core/browser-file.js";
import { significant } from "./numbers.js";
import { show, type Display } from "./show.js";
import {
  liveTrainingCurves,
  trainingCurves,
  type LiveTrainingCurves,
  type LogEvent,
  type TrainingCurvesOptions,
} from "./training-curves.js";
import type { LiveOptions } from "./live.js";
import type { TrainingMonitorState } from "./training-monitor-state.js";
import { createWidget, type Widget } from "./widget.js";
import { assertKnownKeys, type KeysOf } from "../src/core/options.js";

/** What a training monitor knows of its run, and how it is drawn. */
export interface TrainingMonitorOptions extends TrainingCurvesOptions, LiveOptions {
  /** Names the run. Default "run". */
  readonly name?: string;
  /** Steps of the whole run. Default: not known, no progress is shown. */
  readonly steps?: number;
}

const keys: KeysOf<TrainingMonitorOptions> = {
  name: true,
  steps: true,
  title: true,
  smoothing: true,
  points: true,
  interval: true,
  display: true,
  now: true,
};

/** Training curves with a button that stops the run. */
export interface TrainingMonitor extends LiveTrainingCurves {
  /** Aborted when the reader stops the run: give it to the training loop. */
  readonly signal: AbortSignal;
  /** The button and the progress. */
  readonly widget: Widget<TrainingMonitorState>;
}

/** Shortest time between two messages to the button's side, in milliseconds. */
const statusInterval = 200;

/**
 * Shows a button and training curves that grow while a run goes on. The button aborts `signal`.
 *
 *     const monitor = await axial.widgets.trainingMonitor({ steps: 400 });
 *     await axial.training.train({ model, data, onEvent: monitor.onEvent, signal: monitor.signal });
 *     await monitor.end();
 *
 * Where widgets do not run, the curves are shown as they grow, without a button; an interrupt of the cell stops the run.
 *
 * @throws ConfigError for an option that there is not
 * @throws UnsupportedError in a checkout whose browser parts have not been bundled
 */
export async function trainingMonitor(options: TrainingMonitorOptions = {}): Promise<TrainingMonitor> {
  assertKnownKeys("trainingMonitor", options, keys);
  const { steps, ...shown } = options;
  const { name = "run", now = Date.now, title, smoothing, points } = shown;
  const controller = new AbortController();
  const curves = liveTrainingCurves(shown);
  const widget = createWidget<TrainingMonitorState>({
    title: "Training monitor",
    esm: browserFile("widgets/training-monitor.js"),
    css: browserFile("widgets/training-monitor.css"),
    state: { status: "no steps yet", progress: steps === undefined ? -1 : 0, stopping: false, ended: false },
    still: () => trainingCurves([{ name, events: curves.events }], { title, smoothing, points }),
  });
  widget.onChange(({ stopping }) => {
    if (stopping === true) controller.abort(new Error("the reader stopped the training"));
  });
  await showControls(widget, options.display);

  let told = -Infinity;
  const tell = (event: LogEvent): void => {
    if (event.event !== "step" || now() - told < statusInterval) return;
    told = now();
    const of = steps === undefined ? "" : ` of ${steps}`;
    widget.set({
      status: `step ${event.step}${of}, loss ${significant(event.loss, 3) ?? "not a number"}`,
      ...(steps === undefined ? {} : { progress: Math.min(1, event.step / steps) }),
    });
  };
  return {
    signal: controller.signal,
    widget,
    events: curves.events,
    onEvent(event) {
      curves.onEvent(event);
      tell(event);
    },
    async end() {
      widget.set({ ended: true });
      await curves.end();
    },
  };
}

/** The button alone: its still form would be the curves a second time. */
async function showControls(widget: Widget<TrainingMonitorState>, display: Display | null | undefined): Promise<void> {
  const type = "application/vnd.jupyter.widget-view+json";
  const view = (await widget.bundle())[type];
  if (view === undefined) return;
  // Without a form in words: a file, which does not hold the view, would keep a line that says nothing.
  const controls = { [type]: view };
  if (display) display(controls);
  else if (display === undefined) await show({ bundle: () => Promise.resolve(controls) });
}
