import { FlwrError } from "../../base/error.ts";
import type { Value } from "../graph/value.ts";
import { computing } from "../lower/kernels.ts";
import { KERNEL_TYPES } from "../lower/kernel_table.ts";

/**
 * Checks that ONNX Runtime has kernels for the values of a graph, so that an unsupported file is refused when it is
 * read.
 */
export class KernelCheck {
  readonly #seen = new WeakSet<Value>();

  /**
   * Checks a value and the values that it depends on.
   *
   * @throws FlwrError "unimplemented" that names the operator, the type, and the supported types
   */
  require(value: Value): void {
    const stack = [value];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      if (this.#seen.has(next)) continue;
      this.#seen.add(next);
      const how = computing(next);
      if (how !== undefined && how.type === undefined) {
        const types = (KERNEL_TYPES[how.op] ?? ["float32"]).filter((type) => type !== "float16");
        throw new FlwrError(
          "unimplemented",
          `Type ${how.own} is not supported here: ` +
            `ONNX Runtime has "${how.op}" for ${types.join(", ")}`,
          { hints: ["Cast its inputs to float32 before the file is exported"] },
        );
      }
      stack.push(...next.inputs);
    }
  }
}
