import { FlwrError } from "../base/error.ts";
import type { Transport } from "./call.ts";

/** Texts of Flower's SuperLink, by which its clients may know the error. */
const TEXTS: Readonly<Record<Transport, string>> = {
  http: "Not authenticated",
  grpc: "Access denied",
};

/**
 * Refuses a call without a valid access token. Over HTTP it is sent as 401 with `WWW-Authenticate: Bearer` and
 * `{"detail": "Not authenticated"}`: only that makes Flower's command refresh its tokens and repeat the call.
 */
export class NotAuthenticated extends FlwrError {
  constructor(transport: Transport, options: { cause?: unknown } = {}) {
    super("unauthenticated", TEXTS[transport], options);
  }
}

/** Whether an error of a call over HTTP is {@link NotAuthenticated}. */
export function saysNotAuthenticated({ code, message }: FlwrError): boolean {
  return code === "unauthenticated" && (message === TEXTS.http || message === TEXTS.grpc);
}
