import type { DType } from "../../tensor/dtype.ts";
import type { DatasetParts } from "./dataset.ts";
import type { Parts } from "./parts.ts";

/** The form of a target: [examples, …shape]. */
export interface TargetSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** The targets' forms as programs want them. */
export function targetSpecs({ y }: DatasetParts): Parts<TargetSpec> {
  return new Map(
    [...y].map(([name, { dtype, shape }]) => [name, { dtype, shape: shape.slice(1) }]),
  );
}

/** What tells programs for different targets apart. */
export function targetKey(targets: Parts<TargetSpec>): string {
  return [...targets].map(([name, { dtype, shape }]) => `${name}:${dtype}:${shape}`).join(";");
}
