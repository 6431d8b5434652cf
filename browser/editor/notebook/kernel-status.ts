/** Shows what the kernel does, and asks what to do when it is gone or out of reach. */
import type { Notices } from "../page/notices.js";
import type { Executions } from "./executions.js";
import type { KernelSession } from "./kernel-session.js";
import type { Toolbar } from "./toolbar.js";

export interface KernelStatusArgs {
  readonly session: KernelSession;
  readonly executions: Executions;
  readonly notices: Notices;
  readonly toolbar: Toolbar;
  readonly restart: () => void;
}

/** A connection that is back within this time, in milliseconds, was never missed. */
const patience = 2500;

export class KernelStatus {
  private lostTimer = 0;

  constructor(private readonly args: KernelStatusArgs) {
    // A computer that wakes up, or a page that is looked at again, need not wait for the next try.
    const retry = (): void => void (document.hidden || args.session.client?.retry());
    window.addEventListener("online", retry);
    document.addEventListener("visibilitychange", retry);
  }

  show(): void {
    const { session, executions, toolbar } = this.args;
    const { info, state, connection } = session;
    toolbar.showKernel({ name: info?.displayName ?? "Kernel", state, connection, running: executions.count });
    this.showDeath(state === "dead");
    this.showLoss(connection === "connecting" && state !== "dead" && session.client !== null);
  }

  private showDeath(dead: boolean): void {
    const { session, executions, notices, restart } = this.args;
    if (!dead) return notices.hide("dead");
    if (executions.count > 0) executions.abandon();
    const text =
      session.failure === null
        ? "The kernel has ended. What the cells had made is gone from memory; the notebook is as it was."
        : `The kernel could not be started: ${session.failure}`;
    notices.show("dead", { kind: "asks", text, choices: [{ label: "Restart the kernel", choose: restart }] });
  }

  private showLoss(lost: boolean): void {
    const { session, notices } = this.args;
    if (!lost) {
      clearTimeout(this.lostTimer);
      this.lostTimer = 0;
      return notices.hide("lost");
    }
    this.lostTimer ||= window.setTimeout(() => {
      const text = "The connection to the kernel is lost. It is tried again; what the cells put out is not lost.";
      notices.show("lost", { text, choices: [{ label: "Try now", choose: () => session.client?.retry() }] });
    }, patience);
  }
}
