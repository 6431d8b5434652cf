/** `/api/kernels`, `/api/sessions`, `/api/kernelspecs`, and `/axial/diagnostics`, which is ours. */
import { logo } from "../jupyter/logo.js";
import { created, nothing, ok, optionalText, RequestRefused, type Call, type Route } from "./http.js";
import { kernelspecs, type Kernels } from "./kernels.js";
import type { SessionRequest, Sessions } from "./sessions.js";

const id = "([\\w-]+)";
const at = (path: string): RegExp => new RegExp(`^${path.replaceAll("ID", id)}$`);

export function kernelRoutes(kernels: Kernels, sessions: Sessions): Route[] {
  return [
    { method: "GET", pattern: at("/api/kernelspecs"), handle: () => ok(kernelspecs) },
    { method: "GET", pattern: at("/api/kernelspecs/ID"), handle: ({ parts }) => ok(kernelspec(parts[0])) },
    {
      method: "GET",
      pattern: at("/kernelspecs/ID/logo-svg.svg"),
      handle: () => ({ status: 200, bytes: Buffer.from(logo), headers: { "content-type": "image/svg+xml" } }),
    },

    { method: "GET", pattern: at("/api/kernels"), handle: () => ok(kernels.list()) },
    {
      method: "POST",
      pattern: at("/api/kernels"),
      async handle(call) {
        const body = await call.body();
        const kernel = await kernels.start(optionalText(body, "name"), optionalText(body, "path"));
        return created(kernel.model(), `/api/kernels/${kernel.id}`);
      },
    },
    { method: "GET", pattern: at("/api/kernels/ID"), handle: ({ parts }) => ok(kernels.get(parts[0]).model()) },
    {
      method: "DELETE",
      pattern: at("/api/kernels/ID"),
      async handle({ parts }) {
        await kernels.get(parts[0]).stop();
        return nothing;
      },
    },
    {
      method: "POST",
      pattern: at("/api/kernels/ID/interrupt"),
      async handle({ parts }) {
        await kernels.get(parts[0]).interrupt();
        return nothing;
      },
    },
    {
      method: "POST",
      pattern: at("/api/kernels/ID/restart"),
      async handle({ parts }) {
        const kernel = kernels.get(parts[0]);
        await kernel.restart();
        return ok(kernel.model());
      },
    },

    { method: "GET", pattern: at("/api/sessions"), handle: () => ok(sessions.list()) },
    {
      method: "POST",
      pattern: at("/api/sessions"),
      async handle(call) {
        const session = await sessions.open(await sessionRequest(call));
        return created(session, `/api/sessions/${session.id}`);
      },
    },
    { method: "GET", pattern: at("/api/sessions/ID"), handle: ({ parts }) => ok(sessions.get(parts[0])) },
    {
      method: "PATCH",
      pattern: at("/api/sessions/ID"),
      handle: async (call) => ok(await sessions.change(call.parts[0], await sessionRequest(call))),
    },
    {
      method: "DELETE",
      pattern: at("/api/sessions/ID"),
      async handle({ parts }) {
        await sessions.close(parts[0]);
        return nothing;
      },
    },

    { method: "POST", pattern: at("/axial/diagnostics"), handle: (call) => diagnose(kernels, call) },
  ];
}

/**
 * `{ kernel, code, cells? }` to `{ diagnostics: [{ start, end, message, severity }] }`: what the compiler says of a cell
 * that is being written, at UTF-16 positions in it. `cells`: the texts of the code cells above, whether they have been
 * run or not; without them only what has been run is known.
 */
async function diagnose(kernels: Kernels, call: Call) {
  const body = await call.body();
  const { kernel, code, cells = [] } = body;
  if (typeof kernel !== "string" || typeof code !== "string")
    throw new RequestRefused(400, "diagnostics: kernel and code must be texts; send { kernel, code, cells }");
  if (!Array.isArray(cells) || !cells.every((cell) => typeof cell === "string"))
    throw new RequestRefused(400, "diagnostics: cells must be the texts of the code cells above, in their order");
  return ok({ diagnostics: await kernels.get(kernel).diagnose({ code, above: cells }) });
}

function kernelspec(name: string): unknown {
  const spec = Object.hasOwn(kernelspecs.kernelspecs, name) ? kernelspecs.kernelspecs[name] : undefined;
  if (!spec) throw new RequestRefused(404, `kernelspecs: the kernel must be known, got ${name}`);
  return spec;
}

async function sessionRequest(call: Call): Promise<SessionRequest> {
  const body = await call.body();
  const kernel = body["kernel"];
  const fields = typeof kernel === "object" && kernel !== null ? (kernel as Record<string, unknown>) : undefined;
  return {
    path: optionalText(body, "path"),
    name: optionalText(body, "name"),
    type: optionalText(body, "type"),
    kernel: fields && { id: optionalText(fields, "id"), name: optionalText(fields, "name") },
  };
}
