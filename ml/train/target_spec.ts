import type { DType } from "../../tensor/dtype.ts";
import type { DatasetParts } from "./dataset.ts";
import type { Parts } from "./parts.ts";

/** The form of a target: dtype, and shape without the examples. */
export interface TargetSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** The forms of a data set's targets, which programs depend on. */
export function targetSpecs({ y }: DatasetParts): Parts<TargetSpec> {
  return new Map(
    [...y].map(([name, { dtype, shape }]) => [name, { dtype, shape: shape.slice(1) }]),
  );
}

/** A key that distinguishes programs for different targets. */
export function targetKey(targets: Parts<TargetSpec>): string {
  return [...targets].map(([name, { dtype, shape }]) => `${name}:${dtype}:${shape}`).join(";");
}
