import { FlwrError } from "../../base/error.ts";
import { type Address, parseAddress } from "../../rpc/address.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Reads the address that a flag gives.
 *
 * @throws UsageError naming the flag
 */
export function readFlagAddress(
  flag: string,
  text: string,
  options: { allowZero?: boolean } = {},
): Address {
  try {
    return parseAddress(text, options);
  } catch (error) {
    const { code, message, hints } = FlwrError.from(error);
    throw new UsageError(code, `${flag}: ${message}`, { hints, cause: error });
  }
}
