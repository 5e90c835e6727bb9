import { ConfigRecord } from "../config_record.ts";
import { type MessageError, MessageErrorCode } from "../../entities/metadata.ts";

/** Names of the older API's status codes (flwr 1.9, `common/typing.py`). */
const CODE_NAMES = [
  "OK",
  "GET_PROPERTIES_NOT_IMPLEMENTED",
  "GET_PARAMETERS_NOT_IMPLEMENTED",
  "FIT_NOT_IMPLEMENTED",
  "EVALUATE_NOT_IMPLEMENTED",
] as const;

/** The status of a successful answer, as Flower writes it. */
export function okStatus(): ConfigRecord {
  return new ConfigRecord({ code: 0, message: "Success" });
}

/**
 * The error that a status describes.
 *
 * @returns undefined for OK, or if there is no valid status
 */
export function statusError(status: ConfigRecord | undefined): MessageError | undefined {
  const code = status?.get("code");
  if (status === undefined || code === undefined || code === 0) return undefined;
  const name = typeof code === "number" ? CODE_NAMES[code] : undefined;
  const message = status.get("message");
  const reason = typeof message === "string" && message !== "" ? message : "no message";
  return {
    code: MessageErrorCode.ClientAppRaised,
    reason: `Client answered with status ${name ?? code}: ${reason}`,
  };
}
