import { FlwrError } from "../base/error.ts";

/**
 * Says why an address cannot be listened on, in the same words whoever tried: grpc-js, which has the system's reason
 * in its words, or Deno, which has it in the error's name.
 *
 * @param address "host:port"
 */
export function explainBindError(address: string, thrown: unknown): FlwrError {
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
  const text = `${cause.name} ${cause.message}`;
  const [why, hint] = /EADDRINUSE|AddrInUse/.test(text)
    ? ["the port is in use", "Stop the other process, or choose another port (0 takes a free one)"]
    : /EADDRNOTAVAIL|EINVAL|AddrNotAvailable|os error 99/.test(text) // EINVAL: Deno under grpc-js
    ? ["the address is not of this machine", "0.0.0.0 listens on all addresses of this machine"]
    : /EACCES|PermissionDenied/.test(text)
    ? ["permission denied", "Ports below 1024 need special rights: choose a higher one"]
    : /resolution failed|lookup address|name resolution|os error -[23]\b/i.test(text)
    ? ["no such host name", "0.0.0.0 listens on all addresses of this machine"]
    : [cause.message, undefined];
  return new FlwrError("unavailable", `Cannot listen on "${address}": ${why}`, {
    hints: hint === undefined ? [] : [hint],
    cause,
  });
}
