import type { HostName } from "../../certs/host.ts";
import { formatAddress, isIP, parseAddress } from "../../rpc/address.ts";
import type { CallHead } from "../../rpc/call.ts";
import { localAddress } from "./local_address.ts";

/** Longest host that a caller may name: a DNS name's 253 characters, a colon and a port. */
const MAX_HOST_LENGTH = 259;

/**
 * Under which "host" or "host:port" a caller reaches the HTTP listener: the one that it used itself; over gRPC that host
 * with the HTTP listener's port. Where the caller says none that could be, the listener's own address.
 *
 * @param listening "host:port" that is listened on
 * @param hosts those of the certificate; undefined without TLS
 */
export function ownHost(
  call: Pick<CallHead, "transport" | "header">,
  listening: string,
  hosts: readonly HostName[] | undefined,
): string {
  const own = localAddress(listening, hosts);
  const used = call.header("host") ?? "";
  if (!isHost(used)) return own;
  if (call.transport === "http") return used;
  const { host } = parseAddress(/:\d+$/.test(used) ? used : `${used}:1`);
  // A client of gRPC that was given an address may name the certificate in its place.
  const named = hosts === undefined || hosts.some(({ value }) => value === host.toLowerCase());
  return named ? formatAddress({ host, port: parseAddress(own).port }) : own;
}

/** Whether it is a host name or address with or without a port, and nothing that a URL would read otherwise. */
function isHost(text: string): boolean {
  if (text.length > MAX_HOST_LENGTH) return false;
  const [, name, address] = /^(?:([A-Za-z0-9.-]+)|\[([0-9A-Fa-f:.]+)\])(?::\d{1,5})?$/.exec(text) ??
    [];
  if (address !== undefined && !isIP(address)) return false;
  return (name ?? address) !== undefined && URL.canParse(`http://${text}/`);
}
