/** Opens an address in the reader's browser, by what the system has for it; where it has nothing, nothing happens. */
import { spawn } from "node:child_process";

/** The program and its arguments. On Windows `start` takes its first quoted argument for a title. */
export function browserCommand(address: string, platform: NodeJS.Platform): [program: string, ...args: string[]] {
  if (platform === "darwin") return ["open", address];
  // `&` parts commands there.
  if (platform === "win32") return ["cmd", "/d", "/s", "/c", "start", '""', address.replaceAll("&", "^&")];
  return ["xdg-open", address];
}

export function openBrowser(address: string): void {
  const [program, ...args] = browserCommand(address, process.platform);
  const child = spawn(program, args, {
    stdio: "ignore",
    detached: process.platform !== "win32",
    windowsVerbatimArguments: true,
    windowsHide: true,
  });
  // The address is on the terminal too.
  child.on("error", () => undefined);
  child.unref();
}
