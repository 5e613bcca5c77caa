/** What servers of the command line share: which Host they answer to, where they listen. */
import type { Server } from "node:http";
import { type AddressInfo, isIP } from "node:net";
import { InvalidArgumentError } from "commander";

/**
 * Whether a Host header names this server: `localhost`, an IP address, or a name that was allowed. A page whose own name
 * was made to point here (DNS rebinding) sends that name.
 */
export function isAllowedHost(header: string | undefined, hosts: readonly string[]): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[^:]+)(?::\d+)?$/i.exec(header ?? "");
  const name = match?.[1]?.replace(/^\[|\]$/g, "").toLowerCase();
  if (name === undefined) return false;
  return name === "localhost" || isIP(name) !== 0 || hosts.some((host) => host.toLowerCase() === name);
}

export interface Listening {
  readonly url: string;
  readonly address: string;
  /** False where other machines can reach it. */
  readonly loopback: boolean;
}

/** Resolves once the server listens; port 0 takes a free one. */
export async function listen(
  server: Server,
  where: { readonly host: string; readonly port: number },
): Promise<Listening> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(where.port, where.host, resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${isIP(address) === 6 ? `[${address}]` : address}:${port}`,
    address,
    loopback: address === "::1" || /^127\./.test(address) || /^::ffff:127\./.test(address),
  };
}

export function portOf(text: string): number {
  const port = Number(text);
  if (text.trim() !== "" && Number.isInteger(port) && port >= 0 && port < 65536) return port;
  throw new InvalidArgumentError("a port from 0 to 65535.");
}
