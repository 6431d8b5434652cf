/** Where the library of native kernels lies: built on this machine, or in the optional package of this platform. */
import { existsSync } from "node:fs";
import path from "node:path";
import { packageFolder } from "../../core/version.js";

const { platform, arch } = process;

/** The name that cargo gives it. */
export const libraryName =
  platform === "win32" ? "axial_native.dll" : platform === "darwin" ? "libaxial_native.dylib" : "libaxial_native.so";

/** Where `axial-lab engine build` puts what it has built. */
export const builtLibrary = path.join(packageFolder, "dist", "native", `${platform}-${arch}`, libraryName);

/** Packages that may hold it; of Linux's two, npm installs the one of this system's C library. */
export const libraryPackages = (platform === "linux" ? ["-gnu", "-musl"] : [""]).map(
  (libc) => `axial-lab-native-${platform}-${arch}${libc}`,
);

/** The library's file, or null where there is none. What was built here goes before what was published. */
export function findLibrary(): string | null {
  if (existsSync(builtLibrary)) return builtLibrary;
  for (const name of libraryPackages) {
    try {
      return require.resolve(`${name}/${libraryName}`);
    } catch {
      // Not installed.
    }
  }
  return null;
}
