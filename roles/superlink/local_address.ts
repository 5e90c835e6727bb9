import type { HostName } from "../../certs/host.ts";
import { type Address, formatAddress, parseAddress } from "../../rpc/address.ts";

/** Names of this machine, in the order in which they are tried. */
const LOCAL: readonly string[] = ["127.0.0.1", "::1", "localhost"];

/**
 * By which address a process on this machine reaches a listener: loopback where the listener listens everywhere. With
 * TLS it must be one that the certificate names, for the process checks it.
 *
 * @param listening "host:port" that is listened on
 * @param hosts those of the certificate; undefined without TLS
 */
export function localAddress(listening: string, hosts: readonly HostName[] | undefined): string {
  const { host, port } = parseAddress(listening);
  const reachable = reachableHosts(host);
  const named = hosts === undefined
    ? reachable[0]!
    : reachable.find((candidate) => hosts.some(({ value }) => value === candidate)) ??
      hosts.find(({ type }) => type === "dns")?.value ?? reachable[0]!;
  return formatAddress({ host: named, port } satisfies Address);
}

function reachableHosts(host: string): readonly string[] {
  switch (host) {
    case "0.0.0.0":
      return LOCAL.filter((candidate) => candidate !== "::1");
    case "::":
      return LOCAL;
    case "127.0.0.1":
      return ["127.0.0.1", "localhost"];
    default:
      return [host];
  }
}
