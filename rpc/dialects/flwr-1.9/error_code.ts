import { create } from "@bufbuild/protobuf";
import { MessageErrorCode } from "../../../entities/metadata.ts";
import { type Error as WireError, ErrorSchema } from "../../../proto/gen/flwr-1.9/error_pb.ts";

/** An error in the domain's terms. */
interface DomainError {
  readonly code: number;
  readonly reason: string;
}

/** The 1.9 wire's code for "the node is offline"; later Flowers give 3 another meaning and use 5 for this. */
const NODE_UNAVAILABLE_1_9 = 3n;

/**
 * The error as a 1.9 peer knows it. That wire has four codes: 0 unknown, 1 and 2 for a ClientApp that cannot be
 * loaded or raised, 3 for a node that is offline. Later codes become 2 where the ClientApp is at fault, else 0;
 * the reason always goes along.
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

/** The error that a 1.9 peer sent, in the domain's codes. */
export function errorFromWire({ code, reason }: Pick<WireError, "code" | "reason">): DomainError {
  if (code === NODE_UNAVAILABLE_1_9) return { code: MessageErrorCode.NodeUnavailable, reason };
  const known = code === 1n || code === 2n;
  return { code: known ? Number(code) : MessageErrorCode.Unknown, reason };
}
