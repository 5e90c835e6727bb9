import { FlwrError } from "../../../base/error.ts";
import { arrayConstructor } from "../../../tensor/dtype.ts";
import { tensor } from "../../../tensor/tensor.ts";
import { constant } from "../../graph/value.ts";
import type { Rule } from "../call.ts";
import { MAX_LISTED_NUMBERS } from "../limits.ts";

/**
 * The rule of an operator that exporters only use to compute shapes, and that training has no primitive for: all its
 * inputs must be known. A second operand has one element or as many as the first.
 */
export function whole(f: (a: number, b?: number) => number): Rule {
  return (call) => {
    const { dtype, shape, data } = call.known(0);
    const other = call.has(1) ? call.known(1).data : undefined;
    const fits = other === undefined || other.length === 1 || other.length === data.length;
    if (!fits || data.length > MAX_LISTED_NUMBERS) {
      throw new FlwrError(
        "unimplemented",
        `Its operands must be small and of one length: got ${data.length} and ${other?.length}`,
      );
    }
    const result = new (arrayConstructor(dtype))(data.length);
    for (let i = 0; i < data.length; i++) {
      const operand = other === undefined ? undefined : Number(other[other.length === 1 ? 0 : i]);
      const number = f(Number(data[i]), operand);
      if (result instanceof BigInt64Array || result instanceof BigUint64Array) {
        result[i] = Number.isFinite(number) ? BigInt(Math.trunc(number)) : 0n;
      } else result[i] = number;
    }
    return constant(tensor(dtype, shape, result));
  };
}
