/**
 * One suite on one backend, in a process of its own: Jasmine's globals, the bundle, the engine. Says to the parent which
 * test begins and how each ends, so that one that hangs is known by name.
 */
import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { bootJasmine, type SpecResult } from "./suites.js";

export type PeerBackend = "axial" | "wasm" | "cpu";

/** What the parent asks for, as JSON in the first argument. */
export interface PeerRun {
  readonly bundle: string;
  readonly backend: PeerBackend;
  /** The backend that the tests ask for by name: some run only where it is "cpu". */
  readonly asked: string;
  readonly threads: number;
  /** Only tests whose names contain one of these; empty: all. */
  readonly words: readonly string[];
}

/** Jasmine's, before each test of all. */
declare function beforeEach(work: () => Promise<void>): void;

export type PeerMessage =
  | { readonly kind: "begun"; readonly name: string }
  | { readonly kind: "done"; readonly name: string; readonly status: string; readonly message: string };

const say = (message: PeerMessage): void => void process.send!(message);
const messageOf = ({ failedExpectations }: SpecResult): string =>
  failedExpectations.map(({ message }) => message).join("; ");

async function main({ bundle, backend, asked, threads, words }: PeerRun): Promise<void> {
  const environment = bootJasmine();
  const peer = { name: "peer", backendName: asked, isDataSync: true };
  (globalThis as Record<string, unknown>)["peerEnvironment"] = peer;
  // Its copy of tfjs-core comes first, so that every tensor is one of the class that the tests look at.
  await import(pathToFileURL(bundle).href);
  if (backend === "wasm") await import("@tensorflow/tfjs-backend-wasm");
  await directTo(backend, asked, threads);
  environment.configure({
    random: false,
    specFilter: (spec) => words.length === 0 || words.some((word) => spec.getFullName().includes(word)),
  });
  environment.addReporter({
    specStarted: ({ fullName }) => say({ kind: "begun", name: fullName }),
    specDone: (spec) => {
      if (spec.status !== "excluded" && spec.status !== "pending")
        say({ kind: "done", name: spec.fullName, status: spec.status, message: messageOf(spec) });
    },
    suiteDone: (suite) => {
      if (suite.failedExpectations.length > 0)
        say({ kind: "done", name: `${suite.fullName} (as a whole)`, status: "failed", message: messageOf(suite) });
    },
  });
  await environment.execute();
}

/**
 * Gives the suite the backend in place of the one that it asks for. The suites reset TensorFlow.js before and after each
 * group of tests, which ends our engine; each then begins it anew. Tests outside of groups set none and take what there is.
 */
async function directTo(backend: PeerBackend, asked: string, threads: number): Promise<void> {
  const { start } = await import("../../src/engine/index.js");
  const tape = tf.engine();
  const setBackend = tape.setBackend.bind(tape);
  let isStarting = false; // when the engine itself sets the backend
  tape.setBackend = async (name) => {
    if (name !== asked || isStarting) return setBackend(name);
    if (backend !== "axial") return setBackend(backend);
    isStarting = true;
    await start({ backend: "wasm", threads }).finally(() => (isStarting = false));
    return true;
  };
  beforeEach(async () => {
    if (tape.backendName === null || !(tape.backendName in tape.registry)) await tape.setBackend(asked);
  });
}

// A test may leave a rejection behind that has no listener; it fails by what it expects, and no other does by that.
process.on("unhandledRejection", () => undefined);
main(JSON.parse(process.argv[2]) as PeerRun).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
