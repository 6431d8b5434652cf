/** Connection files: the addresses, ports and key that a kernel and its clients agree on. */
import { randomUUID } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { FileError } from "../core/errors.js";
import { parseJson } from "../core/json.js";

export const channels = ["shell", "control", "iopub", "stdin", "hb"] as const;
export type Channel = (typeof channels)[number];

export interface Connection {
  transport: "tcp" | "ipc";
  ip: string;
  ports: Record<Channel, number>;
  key: string;
  signatureScheme: string;
  kernelName: string;
}

/** The ZeroMQ endpoint of one channel: never anything but the address that the file gives. */
export function endpoint({ transport, ip, ports }: Connection, channel: Channel): string {
  return transport === "ipc" ? `ipc://${ip}-${ports[channel]}` : `tcp://${ip}:${ports[channel]}`;
}

export async function readConnection(path: string): Promise<Connection> {
  let file: Record<string, unknown>;
  try {
    file = parseJson(await readFile(path, "utf8")) as Record<string, unknown>;
  } catch (error) {
    throw new FileError(
      `kernel: the connection file must be readable JSON, got ${path} (${(error as Error).message}); start the kernel from Jupyter`,
    );
  }
  const field = <T>(name: string, is: (value: unknown) => value is T, rule: string): T => {
    const value = file[name];
    if (!is(value)) {
      throw new FileError(
        `kernel: ${name} of the connection file must be ${rule}, got ${JSON.stringify(value)}; ${path}`,
      );
    }
    return value;
  };
  const isText = (value: unknown): value is string => typeof value === "string";
  const isPort = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 0;
  const isTransport = (value: unknown): value is "tcp" | "ipc" => value === "tcp" || value === "ipc";
  return {
    transport: file["transport"] === undefined ? "tcp" : field("transport", isTransport, "tcp or ipc"),
    ip: field("ip", isText, "an address"),
    ports: Object.fromEntries(
      channels.map((channel) => [channel, field(`${channel}_port`, isPort, "a port")]),
    ) as Connection["ports"],
    key: field("key", isText, "a text"),
    signatureScheme:
      file["signature_scheme"] === undefined ? "hmac-sha256" : field("signature_scheme", isText, "a text"),
    kernelName: isText(file["kernel_name"]) ? file["kernel_name"] : "",
  };
}

/** A connection on free ports of this machine, reachable from this machine only. */
export async function localConnection(kernelName: string): Promise<Connection> {
  const servers = await Promise.all(channels.map(() => listenAnywhere()));
  const ports = Object.fromEntries(
    channels.map((channel, index) => [channel, (servers[index].address() as AddressInfo).port]),
  ) as Connection["ports"];
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return { transport: "tcp", ip: "127.0.0.1", ports, key: randomUUID(), signatureScheme: "hmac-sha256", kernelName };
}

async function listenAnywhere() {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return server;
}

/** Writes a connection file that only this user can read; whoever can read it can run code as this user. */
export async function writeConnection(path: string, connection: Connection): Promise<void> {
  const { transport, ip, ports, key, signatureScheme, kernelName } = connection;
  const portFields = Object.fromEntries(channels.map((channel) => [`${channel}_port`, ports[channel]]));
  const file = { transport, ip, ...portFields, key, signature_scheme: signatureScheme, kernel_name: kernelName };
  await rm(path, { force: true });
  await writeFile(path, JSON.stringify(file, null, 1), { mode: 0o600, flag: "wx" });
}
