import { FlwrError } from "../../base/error.ts";
import type { Value } from "./value.ts";

/** A shape for messages: `[32, 3, 5, 5]`. */
export function showShape(shape: readonly (number | string)[]): string {
  return `[${shape.join(", ")}]`;
}

/**
 * The shape of an elementwise result by numpy's rule: axes are matched from the last one, and length 1 broadcasts.
 *
 * @throws FlwrError "invalid-argument" when two lengths differ and neither is 1
 */
export function broadcastShapes(
  what: string,
  ...shapes: readonly (readonly number[])[]
): number[] {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let length = 1;
    for (const shape of shapes) {
      const own = shape[axis - rank + shape.length] ?? 1;
      if (own === 1 || own === length) continue;
      if (length !== 1) {
        throw new FlwrError(
          "invalid-argument",
          `Shapes cannot be broadcast in "${what}": ${shapes.map(showShape).join(" and ")}`,
        );
      }
      length = own;
    }
    return length;
  });
}

/**
 * Axes counted from the front, in ascending order; negative ones count from the back.
 *
 * @throws FlwrError "invalid-argument" when an axis is outside the shape or given twice
 */
export function normalizeAxes(shape: readonly number[], axes: readonly number[]): number[] {
  const normal = axes.map((axis) => axis < 0 ? axis + shape.length : axis).sort((a, b) => a - b);
  const wrong = normal.some((axis, i) =>
    !Number.isSafeInteger(axis) || axis < 0 || axis >= shape.length || axis === normal[i - 1]
  );
  if (wrong) {
    throw new FlwrError(
      "invalid-argument",
      `Axes [${axes}] are not axes of an array of shape ${showShape(shape)}`,
    );
  }
  return normal;
}

/** One axis, counted from the front. */
export function normalizeAxis(shape: readonly number[], axis: number): number {
  return normalizeAxes(shape, [axis])[0]!;
}

/** Whether two shapes are the same. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/**
 * Checks that two operands have the same dtype.
 *
 * @throws FlwrError "invalid-argument" when they differ
 */
export function requireSameType(what: string, a: Value, b: Value): void {
  if (a.dtype !== b.dtype) {
    throw new FlwrError(
      "invalid-argument",
      `Operands of "${what}" must have one dtype: got ${a.dtype} and ${b.dtype}`,
    );
  }
}
