/**
 * Who may talk to the server: whoever has the token, from a page of the server's own. A kernel runs any code as this
 * user, so that a page of another origin, or one that has bent a name to this address, must get nothing.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { RequestRefused } from "./http.js";

export interface Access {
  readonly token: string;
  /** Throws `RequestRefused` where the host or the origin is not the server's own. */
  assertOwnPage(request: IncomingMessage): void;
  /** Throws `RequestRefused` where the request has not the token: in a header, in the address or in the cookie. */
  assertToken(request: IncomingMessage, query: URLSearchParams): void;
  /** The header that hands the token to a browser, which sends it along from then on and shows it to no script. */
  cookie(): string;
}

export interface AccessOptions {
  /** What the server listens on. */
  host: string;
  /** Known once the server listens. */
  port: () => number;
  /** Default: a new one. */
  token?: string;
}

const loopback = ["localhost", "127.0.0.1", "[::1]"];

export const newToken = (): string => randomBytes(24).toString("hex");

export function createAccess({ host, port, token = newToken() }: AccessOptions): Access {
  const expected = digest(token);
  const isToken = (given: string | null | undefined): boolean =>
    typeof given === "string" && timingSafeEqual(digest(given), expected);
  // Cookies do not tell ports apart: two servers of one machine must not take each other's.
  const cookieName = () => `axial-lab-${port()}`;
  const isWildcard = host === "0.0.0.0" || host === "::";

  function isOwnName(name: string): boolean {
    if (loopback.includes(name) || name === host || name === `[${host}]`) return true;
    // Bound to every address, the machine has names that nobody can list: its own one, and addresses as they are.
    return isWildcard && (name === hostname().toLowerCase() || isIP(name.replace(/^\[|\]$/g, "")) !== 0);
  }

  return {
    token,

    assertOwnPage({ headers }) {
      const given = (headers.host ?? "").toLowerCase();
      if (!isOwnName(given.replace(/:\d+$/, "")))
        throw new RequestRefused(
          403,
          `request: the host must be the server's own, got ${given || "none"}; open the address that the terminal shows`,
        );
      const { origin } = headers;
      if (origin !== undefined && origin.toLowerCase() !== `http://${given}`)
        throw new RequestRefused(403, `request: the origin must be http://${given}, got ${origin}`);
    },

    assertToken({ headers }, query) {
      const [, scheme, credentials] = /^(token|bearer)\s+(.*)$/i.exec(headers.authorization ?? "") ?? [];
      if (scheme !== undefined ? isToken(credentials) : query.has("token") ? isToken(query.get("token")) : false)
        return;
      const cookies = (headers.cookie ?? "").split(";").map((pair) => pair.trim());
      if (cookies.some((pair) => pair.startsWith(`${cookieName()}=`) && isToken(pair.slice(cookieName().length + 1))))
        return;
      throw new RequestRefused(403, "request: the token must be given; open the address that the terminal shows");
    },

    cookie: () => `${cookieName()}=${token}; Path=/; HttpOnly; SameSite=Strict`,
  };
}

/** Of equal length whatever is given, for a comparison that takes the same time. */
const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
