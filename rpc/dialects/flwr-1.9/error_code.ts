import { create } from "@bufbuild/protobuf";
import { MessageErrorCode } from "../../../entities/metadata.ts";
import { type Error as WireError, ErrorSchema } from "../../../proto/gen/flwr-1.9/error_pb.ts";

/** An error in the domain's terms. */
interface DomainError {
  readonly code: number;
  readonly reason: string;
}

/** Flower 1.9's code for "the node is offline"; later versions use 5 for this, and 3 for something else. */
const NODE_UNAVAILABLE_1_9 = 3n;

/**
 * Converts an error for a 1.9 peer. Flower 1.9 has four codes: 0 for unknown errors, 1 and 2 for a ClientApp that
 * could not be loaded or threw, 3 for an offline node. Later codes become 2 if the ClientApp is at fault, else 0. The
 * reason is always included.
 */
export function errorToWire({ code, reason }: DomainError): WireError {
  return create(ErrorSchema, { code: codeToWire(code), reason });
}

function codeToWire(code: number): bigint {
  switch (code) {
    case MessageErrorCode.LoadClientApp:
    case MessageErrorCode.ClientAppRaised:
      return BigInt(code);
    case MessageErrorCode.ClientAppCrashed:
      return BigInt(MessageErrorCode.ClientAppRaised);
    case MessageErrorCode.NodeUnavailable:
      return NODE_UNAVAILABLE_1_9;
    default:
      return BigInt(MessageErrorCode.Unknown);
  }
}

/** Converts a 1.9 peer's error to the domain's codes. */
export function errorFromWire({ code, reason }: Pick<WireError, "code" | "reason">): DomainError {
  if (code === NODE_UNAVAILABLE_1_9) return { code: MessageErrorCode.NodeUnavailable, reason };
  const known = code === 1n || code === 2n;
  return { code: known ? Number(code) : MessageErrorCode.Unknown, reason };
}
