/** Requests to the server that the page came from: JSON both ways, errors as one line. */

/** The server answered with an error; `status` is 0 where it did not answer at all. */
export class ServerError extends Error {
  override readonly name = "ServerError";
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const cookie = (name: string): string | undefined =>
  document.cookie
    .split("; ")
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);

/** A path of a file in an address: each part escaped, the slashes between them kept. */
export const escapedPath = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

/** Asks the server, and gives what it answers; undefined where it answers nothing. Throws ServerError. */
export async function ask(method: string, address: string, body?: unknown): Promise<unknown> {
  const headers: Record<string, string> = {};
  // Jupyter's server takes no change without it.
  const token = cookie("_xsrf");
  if (token !== undefined) headers["X-XSRFToken"] = token;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  let text: string;
  try {
    response = await fetch(address, {
      method,
      headers,
      cache: "no-store",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    text = await response.text();
  } catch {
    throw new ServerError(0, "The server does not answer.");
  }
  if (!response.ok) throw new ServerError(response.status, messageOf(text) ?? `${response.status} for ${address}`);
  return text === "" ? undefined : JSON.parse(text);
}

/** What an error's body says of it: JSON with a message, as Jupyter's servers send it. */
function messageOf(text: string): string | undefined {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === "string" && message !== "" ? message : undefined;
  } catch {
    return undefined;
  }
}
