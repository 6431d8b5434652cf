/** Where downloaded and prepared data live. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The option, or the environment's `AXIAL_LAB_CACHE`, or the system's folder for caches: `$XDG_CACHE_HOME` or `~/.cache` on
 * Linux, `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows, and `axial-lab` below it.
 */
export function cacheFolder(
  option?: string,
  {
    environment = process.env,
    platform = process.platform,
    home = homedir(),
  }: { environment?: Environment; platform?: NodeJS.Platform; home?: string } = {},
): string {
  // An empty variable counts as absent (XDG Base Directory Specification), a relative XDG_CACHE_HOME as invalid.
  const chosen = option ?? environment["AXIAL_LAB_CACHE"];
  if (chosen) return resolve(chosen);
  if (platform === "win32") return join(environment["LOCALAPPDATA"] || join(home, "AppData", "Local"), "axial-lab");
  if (platform === "darwin") return join(home, "Library", "Caches", "axial-lab");
  const xdg = environment["XDG_CACHE_HOME"];
  return join(xdg?.startsWith("/") ? xdg : join(home, ".cache"), "axial-lab");
}
