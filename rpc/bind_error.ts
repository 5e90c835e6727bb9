import { FlwrError } from "../base/error.ts";

/**
 * Explains why a server cannot listen on an address.
 *
 * @param address "host:port"
 * @param cause the system's error, as node:net and Deno throw it
 */
export function explainBindError(address: string, cause: Error): FlwrError {
  const text = cause.message;
  const [why, hint] = /EADDRINUSE|address already in use/i.test(text)
    ? ["the port is in use", "Stop the other process, or choose another port (0 picks a free one)"]
    : /EADDRNOTAVAIL|EINVAL|(cannot|can't) assign requested address/i.test(text) // node:net in Deno says EINVAL
    ? [
      "this machine does not have that address",
      "0.0.0.0 listens on all addresses of this machine",
    ]
    : /EACCES|permission denied/i.test(text)
    ? ["permission denied", "Ports below 1024 need special privileges: choose a higher port"]
    : /resolution failed|ENOTFOUND|EAI_AGAIN|failed to lookup address/i.test(text)
    ? ["no such host name", "0.0.0.0 listens on all addresses of this machine"]
    : [cause.message, undefined];
  return new FlwrError("unavailable", `Cannot listen on "${address}": ${why}`, {
    hints: hint === undefined ? [] : [hint],
    cause,
  });
}
