/** Tabs of one browser that show the same notebook: one of them edits it, the others know. */
import { newId } from "../protocol/messages.js";

interface Said {
  readonly from: string;
  readonly says: "here" | "editing" | "take" | "left";
}

export interface TabListener {
  /** Another tab edits the notebook. */
  onOther(): void;
  /** Another tab takes over: resolves when what is changed is saved. */
  onTaken(): Promise<void>;
  /** The tab that edits has gone. */
  onFree(): void;
}

/** How long the others have for an answer, and for giving the notebook away, in milliseconds. */
const answerTime = 150;
const giveTime = 2000;

export class Tabs {
  editing = false;
  private whenFree: (() => void) | null = null;
  private readonly id = newId();
  private readonly channel: BroadcastChannel;

  constructor(
    path: string,
    private readonly listener: TabListener,
  ) {
    this.channel = new BroadcastChannel(`axial-lab.notebook:${path}`);
    this.channel.addEventListener("message", ({ data }: MessageEvent<Said>) => this.onSaid(data));
    window.addEventListener("pagehide", () => this.editing && this.say("left"));
    // A page that comes back from the browser's memory may have been replaced.
    window.addEventListener("pageshow", (event) => event.persisted && this.say("here"));
  }

  /** Asks whether another tab edits the notebook; this one does where none says so. */
  async begin(): Promise<boolean> {
    this.say("here");
    let other = false;
    const heard = ({ data }: MessageEvent<Said>): void => void (other ||= data.says === "editing");
    this.channel.addEventListener("message", heard);
    await new Promise((resolve) => setTimeout(resolve, answerTime));
    this.channel.removeEventListener("message", heard);
    this.editing = !other;
    return this.editing;
  }

  /** Takes over from the tab that edits; calls back when that has saved, or does not answer. */
  take(onFree: () => void): void {
    this.whenFree = onFree;
    this.say("take");
    setTimeout(onFree, giveTime);
  }

  private onSaid({ from, says }: Said): void {
    if (from === this.id) return;
    if (says === "here" && this.editing) this.say("editing");
    else if (says === "editing" && !this.editing) this.listener.onOther();
    else if (says === "left" && !this.editing) (this.whenFree ?? (() => this.listener.onFree()))();
    else if (says === "take" && this.editing) {
      this.editing = false;
      void this.listener.onTaken().then(() => this.say("left"));
    }
  }

  private say(says: Said["says"]): void {
    this.channel.postMessage({ from: this.id, says } satisfies Said);
  }
}
