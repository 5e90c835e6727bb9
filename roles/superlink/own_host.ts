import type { HostName } from "../../certs/host.ts";
import { formatAddress, isIP, parseAddress } from "../../rpc/address.ts";
import type { CallHead } from "../../rpc/call.ts";
import { localAddress } from "./local_address.ts";

/** Longest host that a caller may send: a DNS name's 253 characters, a colon and a port. */
const MAX_HOST_LENGTH = 259;

/**
 * The "host" or "host:port" by which a caller can reach the HTTP listener: the host that its request was sent to (over
 * gRPC with the HTTP listener's port), or the listener's own address if that host is missing or invalid.
 *
 * @param listening "host:port" of the listener
 * @param hosts host names of the certificate. Undefined without TLS
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
  // A gRPC client may send any name as its authority, so with TLS only names of the certificate are used.
  const named = hosts === undefined || hosts.some(({ value }) => value === host.toLowerCase());
  return named ? formatAddress({ host, port: parseAddress(own).port }) : own;
}

/** Whether a text is a host name or address with an optional port, and means the same in a URL. */
function isHost(text: string): boolean {
  if (text.length > MAX_HOST_LENGTH) return false;
  const [, name, address] = /^(?:([A-Za-z0-9.-]+)|\[([0-9A-Fa-f:.]+)\])(?::\d{1,5})?$/.exec(text) ??
    [];
  if (address !== undefined && !isIP(address)) return false;
  return (name ?? address) !== undefined && URL.canParse(`http://${text}/`);
}
