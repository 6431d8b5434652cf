/** TensorFlow.js's own suites, bundled into one file each that a process with Jasmine's globals can load. */
import { mkdirSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { packageFolder } from "../../src/core/version.js";

export const suiteNames = ["core", "layers"] as const;
export type SuiteName = (typeof suiteNames)[number];

const modules = join(packageFolder, "node_modules");
/** The npm package holds its tests as ES modules, beside the code that they test. */
const core = join(modules, "@tensorflow", "tfjs-core", "dist");

/**
 * Bundles a suite with the copy of tfjs-core that it imports from within. That copy shares its engine, its kernels and its
 * gradients with the one that our code imports: TensorFlow.js keeps them on the global object.
 *
 * @param checkout of tensorflow/tfjs; the npm package of tfjs-layers holds no tests
 * @returns the bundle's file
 */
export async function bundleSuite(suite: SuiteName, checkout?: string): Promise<string> {
  const outfile = join(modules, ".cache", "peer", `${suite}.cjs`);
  mkdirSync(dirname(outfile), { recursive: true });
  const imports = [
    join(core, "register_all_gradients.js"),
    join(core, "public/chained_ops/register_all_chained_ops.js"),
  ];
  const tests = suite === "core" ? [join(core, "tests.js")] : testsOfLayers(checkout);
  const load = (files: readonly string[]) => files.map((file) => `require(${JSON.stringify(file)});`).join("\n");
  // The environments must be set before the first test is described.
  const contents = [
    `require(${JSON.stringify(join(core, "index.js"))});`,
    load(imports),
    `require(${JSON.stringify(join(core, "jasmine_util.js"))}).setTestEnvs([globalThis.peerEnvironment]);`,
    load(tests),
  ].join("\n");
  await build({
    stdin: { contents, resolveDir: packageFolder, loader: "js" },
    outfile,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node20",
    keepNames: true,
    mainFields: ["module", "main"],
    nodePaths: [modules],
    // The package says that its tests have no side effects.
    ignoreAnnotations: true,
    external: ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-cpu", "node-fetch"],
    logLevel: "error",
  });
  return outfile;
}

function testsOfLayers(checkout: string | undefined): string[] {
  if (checkout === undefined)
    throw new Error("peer: layers needs --checkout, a folder with tensorflow/tfjs, got none; clone it");
  const source = join(checkout, "tfjs-layers", "src");
  return readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith("_test.ts"))
    .sort()
    .map((file) => join(source, file));
}

/** Jasmine, put on the global object of this process, as the suites want it. */
export function bootJasmine(): JasmineEnvironment {
  const required = createRequire(__filename)("jasmine-core") as {
    boot(required: unknown): { getEnv(): JasmineEnvironment };
  };
  return required.boot(required).getEnv();
}

export interface SpecResult {
  readonly fullName: string;
  readonly status: string;
  readonly failedExpectations: readonly { readonly message: string; readonly stack?: string }[];
}

interface JasmineEnvironment {
  configure(options: { random: boolean; specFilter?: (spec: { getFullName(): string }) => boolean }): void;
  addReporter(reporter: {
    specStarted?(spec: { fullName: string }): void;
    specDone?(spec: SpecResult): void;
    suiteDone?(suite: SpecResult): void;
  }): void;
  execute(): Promise<{ overallStatus: string }>;
}
