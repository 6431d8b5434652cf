/** Kernels of the server, and which notebook has which, by Jupyter's kernel and session interfaces. */
import { ask } from "./rest.js";

export interface KernelSpec {
  readonly name: string;
  readonly spec: { readonly display_name: string; readonly language: string };
}

export interface KernelSpecs {
  readonly default: string;
  readonly kernelspecs: Readonly<Record<string, KernelSpec>>;
}

export interface Session {
  readonly id: string;
  readonly path: string;
  readonly kernel: { readonly id: string; readonly name: string };
}

export const kernelSpecs = async (): Promise<KernelSpecs> => (await ask("GET", "api/kernelspecs")) as KernelSpecs;

export const runningSessions = async (): Promise<Session[]> => (await ask("GET", "api/sessions")) as Session[];

/** The notebook's session: the one that runs, or a new one with a kernel of this name. */
export async function startSession(path: string, kernel: string): Promise<Session> {
  const name = path.split("/").at(-1)!;
  return (await ask("POST", "api/sessions", { path, name, type: "notebook", kernel: { name: kernel } })) as Session;
}

export const endSession = (id: string): Promise<unknown> => ask("DELETE", `api/sessions/${id}`);
export const interruptKernel = (id: string): Promise<unknown> => ask("POST", `api/kernels/${id}/interrupt`, {});
export const restartKernel = (id: string): Promise<unknown> => ask("POST", `api/kernels/${id}/restart`, {});

export interface KernelModel {
  readonly id: string;
  readonly execution_state: string;
}

/** Throws ServerError with status 404 for a kernel that is no more. */
export const kernelModel = async (id: string): Promise<KernelModel> =>
  (await ask("GET", `api/kernels/${id}`)) as KernelModel;
