/** Sessions: which kernel a notebook has. In memory, as in Jupyter; a session ends with its kernel. */
import { randomUUID } from "node:crypto";
import { RequestRefused } from "./http.js";
import type { Kernels } from "./kernels.js";
import type { KernelModel } from "./running-kernel.js";

/** As on the wire. */
export interface SessionModel {
  id: string;
  path: string;
  name: string;
  type: string;
  kernel: KernelModel;
}

export interface SessionRequest {
  path?: string | undefined;
  name?: string | undefined;
  type?: string | undefined;
  /** A kernel that runs, or the name of one to start. */
  kernel?: { id?: string | undefined; name?: string | undefined } | undefined;
}

interface Session {
  id: string;
  path: string;
  name: string;
  type: string;
  kernelId: string;
}

export interface Sessions {
  list(): SessionModel[];
  get(id: string): SessionModel;
  /** The session of this path, where there is one; else a new one with a kernel. */
  open(request: SessionRequest): Promise<SessionModel>;
  /** Renames it, or gives it another kernel; the one that it had is stopped. */
  change(id: string, request: SessionRequest): Promise<SessionModel>;
  /** Stops its kernel. */
  close(id: string): Promise<void>;
  onKernelEnd(kernelId: string): void;
}

export function createSessions(kernels: Kernels): Sessions {
  const sessions = new Map<string, Session>();
  /** Paths that are being opened, so that two tabs at once get one kernel. */
  const opening = new Map<string, Promise<SessionModel>>();

  function find(id: string): Session {
    const session = sessions.get(id);
    if (!session) throw new RequestRefused(404, `sessions: the session must exist, got ${id}`);
    return session;
  }

  const model = ({ kernelId, ...session }: Session): SessionModel => ({
    ...session,
    kernel: kernels.get(kernelId).model(),
  });

  async function openNew({ path, name = "", type = "notebook", kernel = {} }: SessionRequest & { path: string }) {
    const { id: kernelId } = kernel.id === undefined ? await kernels.start(kernel.name, path) : kernels.get(kernel.id);
    const session: Session = { id: randomUUID(), path, name, type, kernelId };
    sessions.set(session.id, session);
    return model(session);
  }

  return {
    list: () => [...sessions.values()].map(model),
    get: (id) => model(find(id)),

    async open(request) {
      const { path } = request;
      if (path === undefined) throw new RequestRefused(400, "sessions: a session must give path, got none");
      const existing = [...sessions.values()].find((session) => session.path === path);
      if (existing) return model(existing);
      const pending = opening.get(path) ?? openNew({ ...request, path });
      opening.set(path, pending);
      try {
        return await pending;
      } finally {
        opening.delete(path);
      }
    },

    async change(id, { path, name, type, kernel }) {
      const session = find(id);
      const before = session.kernelId;
      if (kernel?.id !== undefined) session.kernelId = kernels.get(kernel.id).id;
      else if (kernel?.name !== undefined)
        session.kernelId = (await kernels.start(kernel.name, path ?? session.path)).id;
      session.path = path ?? session.path;
      session.name = name ?? session.name;
      session.type = type ?? session.type;
      if (session.kernelId !== before) await kernels.get(before).stop();
      return model(session);
    },

    async close(id) {
      const { kernelId } = find(id);
      sessions.delete(id);
      await kernels.get(kernelId).stop();
    },

    onKernelEnd(kernelId) {
      for (const { id } of [...sessions.values()].filter((session) => session.kernelId === kernelId))
        sessions.delete(id);
    },
  };
}
