import { FlwrError } from "../../../../base/error.ts";
import { ApiError } from "../../../api_error.ts";

/** Hints for errors with Flower's numbers (ApiError's numbers). */
const HINTS: Readonly<Record<number, string>> = {
  2: "Leave the federation out to use the SuperLink's own: flwr federation list shows it",
  12: "Name a federation: flwr federation list shows them",
  15: "Look at the app's settings in its pyproject.toml, under [tool.flwr.app.config]",
  16: "List the runs: flwr ls",
  18: "Look at how it ended: flwr ls --run-id ID",
  20: "Use a SuperLink of this flwr, or one of Flower's with an artifact provider",
  21: "Look at the run's state: flwr ls --run-id ID",
  22: "Give an ECDSA public key: flwr keys generate creates a pair",
  23:
    "Look for the node that has it: flwr supernode list. An unregistered key cannot be used again",
  24: "List the nodes: flwr supernode list",
  45: 'Write latitude and longitude in degrees: --location "52.52,13.40"',
};

/**
 * Prepares an error of the Control API for the user: the server's message, with a hint if the error has one of
 * Flower's numbers. The numbered error is then its cause.
 */
export function explainRefusal(error: unknown): FlwrError {
  const refusal = FlwrError.from(error);
  if (!(refusal instanceof ApiError)) return refusal;
  const hint = HINTS[refusal.number];
  return new FlwrError(
    refusal.code,
    refusal.message.replace(/\.$/, ""), // Flower's sentences end with a full stop, ours do not
    { hints: hint === undefined ? refusal.hints : [hint], cause: refusal },
  );
}
