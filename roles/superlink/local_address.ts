import type { HostName } from "../../certs/host.ts";
import { type Address, formatAddress, parseAddress } from "../../rpc/address.ts";

/** Host names of this machine, in order of preference. */
const LOCAL: readonly string[] = ["127.0.0.1", "::1", "localhost"];

/**
 * The address of a listener for processes on this machine: loopback if it listens on all interfaces. With TLS it is one
 * that the certificate names, because the process verifies the certificate.
 *
 * @param listening "host:port" of the listener
 * @param hosts host names of the certificate. Undefined without TLS
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
