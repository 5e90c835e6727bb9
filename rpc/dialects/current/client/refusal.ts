import { FlwrError } from "../../../../base/error.ts";
import { ApiError } from "../../../api_error.ts";

/** What can be done about the errors that Flower numbers (ApiError's numbers). */
const HINTS: Readonly<Record<number, string>> = {
  2: "Leave the federation out to use the SuperLink's own: flwr federation list shows it",
  12: "Name a federation: flwr federation list shows those there are",
  15: "Look at the app's settings in its pyproject.toml, under [tool.flwr.app.config]",
  16: "List the runs that there are: flwr ls",
  18: "Look at how it ended: flwr ls --run-id ID",
  22: "Give an ECDSA public key: flwr keys generate makes a pair",
  23:
    "Look for the node that has it: flwr supernode list. An unregistered key cannot be used again",
  24: "List the nodes that there are: flwr supernode list",
  45: 'Write latitude and longitude in degrees: --location "52.52,13.40"',
};

/** What Flower's gRPC servers put into a status's details (until 1.38); over HTTP the transport has read it. */
interface GrpcRefusal {
  readonly code: number;
  readonly public_message: string;
  readonly public_details?: string | null;
}

/** An error of the Control API as its caller should see it: in the server's words, with what can be done about it. */
export function explainRefusal(error: unknown): FlwrError {
  const refusal = FlwrError.from(error);
  if (refusal instanceof ApiError) return withHint(refusal, refusal.number, refusal.message);
  const told = readGrpcRefusal(refusal.message);
  if (told === undefined) return refusal;
  const { code, public_message: message, public_details: details } = told;
  return withHint(refusal, code, details ? `${message} ${details}` : message);
}

function withHint(refusal: FlwrError, number: number, message: string): FlwrError {
  const hint = HINTS[number];
  const hints = hint === undefined ? refusal.hints : [hint];
  // Flower's sentences end with a full stop, ours do not.
  return new FlwrError(refusal.code, message.replace(/\.$/, ""), { hints, cause: refusal });
}

function readGrpcRefusal(text: string): GrpcRefusal | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const { code, public_message, public_details } = JSON.parse(text);
    if (typeof code !== "number" || typeof public_message !== "string") return undefined;
    return {
      code,
      public_message,
      ...(typeof public_details === "string" && { public_details }),
    };
  } catch {
    return undefined;
  }
}
