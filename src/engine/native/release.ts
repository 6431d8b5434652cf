/**
 * Lays the library built for this platform into its optional package, ready for `npm publish`:
 *
 *     axial-lab engine build && node dist/src/engine/native/release.js OUT [--libc musl]
 *
 * and prints the line that the main package lists it by. Each platform's release runs this on that platform.
 */
import { copyFile, mkdir } from "node:fs/promises";
import path from "node:path";
import { writeFileAtomically } from "../../core/atomic-file.js";
import { ConfigError, FileError } from "../../core/errors.js";
import { version } from "../../core/version.js";
import { builtLibrary, libraryName } from "./library.js";

export interface PlatformPackage {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: "MIT";
  readonly files: readonly [string];
  readonly os: readonly [string];
  readonly cpu: readonly [string];
  readonly libc?: readonly [string];
}

/** npm's names of the C libraries, and how the package's name ends for each. */
const endings = { glibc: "gnu", musl: "musl" } as const;
export type Libc = keyof typeof endings;

/** The `package.json` of a platform; `libc` on Linux alone. */
export function platformPackage(platform: string, arch: string, libc: Libc | null): PlatformPackage {
  if ((platform === "linux") !== (libc !== null))
    throw new ConfigError(
      `native release: libc must be given on linux and nowhere else, got ${libc} on ${platform}; use glibc or musl on linux`,
    );
  return {
    name: `axial-lab-native-${platform}-${arch}${libc === null ? "" : `-${endings[libc]}`}`,
    version,
    description: `The native kernels of axial-lab for ${platform} on ${arch}`,
    license: "MIT",
    files: [libraryName],
    os: [platform],
    cpu: [arch],
    ...(libc !== null && { libc: [libc] as const }),
  };
}

/** Writes the package below `folder`; gives its folder. Throws FileError where the library is not built. */
export async function layOut(folder: string, contents: PlatformPackage): Promise<string> {
  const target = path.join(folder, contents.name);
  await mkdir(target, { recursive: true });
  try {
    await copyFile(builtLibrary, path.join(target, libraryName));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FileError(`native release: the library must be built, got ${reason}; run npx axial-lab engine build`);
  }
  const json = `${JSON.stringify(contents, null, 2)}\n`;
  await writeFileAtomically(path.join(target, "package.json"), [Buffer.from(json)]);
  return target;
}

async function main([folder, flag, libc = "glibc"]: readonly string[]): Promise<void> {
  if (folder === undefined || (flag !== undefined && flag !== "--libc") || !(libc in endings))
    throw new ConfigError(
      `native release: a folder and --libc must be given, got ${[folder, flag, libc].join(" ")}; write DIR --libc glibc, or musl`,
    );
  const { platform, arch } = process;
  const contents = platformPackage(platform, arch, platform === "linux" ? (libc as Libc) : null);
  console.log(`${await layOut(folder, contents)}\noptionalDependencies: "${contents.name}": "${contents.version}"`);
}

if (require.main === module)
  main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  });
