/** The browser's side of the training monitor: how far the run is, and a button that stops it. */
import type { TrainingMonitorState as State } from "../../widgets/training-monitor-state.js";
import { append } from "./shared/elements.js";
import { change, onChange, type RenderArgs } from "./shared/model.js";

function render({ model, el }: RenderArgs<State>): () => void {
  const root = append("div", el, "axial-monitor");
  const stop = append("button", root);
  stop.type = "button";
  const bar = append("progress", root);
  bar.setAttribute("aria-label", "progress of the training");
  const status = append("span", root, "status");
  status.setAttribute("role", "status");

  const draw = (): void => {
    const [ended, stopping, progress] = [model.get("ended"), model.get("stopping"), model.get("progress")];
    stop.textContent = ended ? "ended" : stopping ? "stopping\u2026" : "stop";
    stop.disabled = ended || stopping;
    if (progress < 0) bar.removeAttribute("value");
    else bar.value = progress;
    status.textContent = model.get("status");
  };
  stop.onclick = () => {
    change(model, { stopping: true });
    draw();
  };
  draw();
  return onChange(model, ["status", "progress", "stopping", "ended"], draw);
}

export default { render };
