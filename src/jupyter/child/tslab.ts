/** `import * as tslab from 'tslab'`: tslab's own display functions, writing through this kernel. */
import { createRequire } from "node:module";
import type { KernelHost, MimeBundle } from "../../core/kernel-host.js";

/** What tslab hands to the kernel that it believes to run in. */
interface TslabDisplay {
  data: MimeBundle;
  metadata: Record<string, unknown>;
  transient: { display_id?: string };
}

/** `entry` is the main file of one copy of tslab. */
export function connectTslab(entry: string, host: KernelHost): void {
  const jupyter = createRequire(entry)("./jupyter.js") as {
    lastWriteDisplayData: (display: TslabDisplay, update?: boolean) => void;
  };
  jupyter.lastWriteDisplayData = ({ data, metadata, transient }, update = false) => {
    const displayId = transient.display_id;
    host.display(data, { metadata, update, ...(displayId === undefined ? {} : { displayId }) });
  };
}
