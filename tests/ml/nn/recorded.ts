import type { NdArray } from "../../../ml/testing/nd_array.ts";
import values from "../../vectors/ml/nn/torch_values.json" with { type: "json" };

/** An array as make_torch_values.py writes it. */
export interface Recorded {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Recorded arrays by parameter name. */
export type RecordedState = Readonly<Record<string, Recorded | undefined>>;

/** What PyTorch did with a layer, once in training and, if the layer has states, once in evaluation. */
export interface RecordedLayer {
  readonly name: string;
  readonly input: Recorded;
  readonly integer: boolean;
  readonly memory?: Recorded;
  readonly state: RecordedState;
  readonly output: Recorded;
  readonly seed: Recorded;
  readonly gradients: RecordedState;
  readonly inputGradient?: Recorded;
  readonly after?: RecordedState;
  readonly evaluated?: Recorded;
}

/** What PyTorch recorded, by float64. */
export const TORCH: {
  readonly layers: readonly RecordedLayer[];
  readonly losses: typeof values.losses;
  readonly trainings: {
    readonly x: Recorded;
    readonly y: Recorded;
    readonly epochs: number;
    readonly batch: number;
    readonly start: RecordedState;
    readonly cases: readonly { readonly name: string; readonly after: RecordedState }[];
  };
} = values;

/** A recorded array for the interpreter. */
export function toNdArray({ shape, values }: Recorded): NdArray {
  return { shape, data: Float64Array.from(values) };
}
