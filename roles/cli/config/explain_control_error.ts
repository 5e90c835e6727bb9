import { FlwrError } from "../../../base/error.ts";
import { saysNotAuthenticated } from "../../../rpc/not_authenticated.ts";
import { ApiError } from "../../../rpc/api_error.ts";
import type { SuperLinkConnection } from "./connection.ts";

/** Where `flwr superlink --insecure` listens. */
const INSECURE_SUPERLINK = "127.0.0.1:8000";

/**
 * Adapts an error of a SuperLink or its connection for the user of a command: adds Flower's error number if there is
 * one, and replaces flags in hints by config.toml's keys if the connection is from that file.
 */
export function explainControlError(error: unknown, connection: SuperLinkConnection): unknown {
  if (!(error instanceof FlwrError)) return error;
  const { code, message, hints, cause } = error;
  if (saysNotAuthenticated(error)) {
    return new FlwrError(code, `You are not logged in to "${connection.address}"`, {
      hints: [`Log in: flwr login ${connection.name ?? connection.address}`],
      cause: error,
    });
  }
  if (cause instanceof ApiError) {
    return new FlwrError(code, `${message} [code: ${cause.number}]`, {
      hints: code === "unimplemented" ? ["This SuperLink does not support it"] : hints,
      cause,
    });
  }
  if (code === "unimplemented") {
    return new FlwrError(code, `"${connection.address}" does not offer the Control API`, {
      hints: [
        "Use the SuperLink's port 8000 (--port), or 9093 for Flower up to 1.36",
        "A SuperLink of Flower 1.15 to 1.22 can only start, list and stop runs and show their logs",
      ],
      cause: error,
    });
  }
  const ofConnection = code === "unavailable" || code === "failed-precondition";
  if (!ofConnection || hints.length === 0) return error;
  const usable = hints.filter((hint) => !hint.includes("--superlink"));
  return new FlwrError(code, message, { hints: connectionHints(usable, connection), cause: error });
}

function connectionHints(
  hints: readonly string[],
  { name, address, file }: SuperLinkConnection,
): string[] {
  const local = address === INSECURE_SUPERLINK
    ? hints.map((hint) => hint.replace(/flwr superlink$/, "flwr superlink --insecure"))
    : [...hints];
  if (name === undefined) return local;
  const inFile = local.map((hint) =>
    hint.replace("--root-certificates", '"root-certificates"')
      .replace(/--insecure(?= if| and|,)/, '"insecure = true"')
  );
  return [...inFile, `Or change [superlink.${name}] in "${file}"`];
}
