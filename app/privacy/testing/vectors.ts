import assert from "node:assert/strict";
import { type DType, DTYPES } from "../../../tensor/dtype.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import vectors from "../../../tests/vectors/flwr-1.42/strategies.json" with { type: "json" };
import { arrayConstructor } from "../../../tensor/dtype.ts";
import { ArrayRecord } from "../../array_record.ts";
import { ConfigRecord } from "../../config_record.ts";
import { MetricRecord } from "../../metric_record.ts";
import type { NoiseSource } from "../noise_source.ts";

/** An array of the vectors: numbers in row-major order, those without JSON's form as text. */
export interface VectorArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}

/** A model of the vectors. */
export type VectorModel = { readonly [name: string]: VectorArray };

/** A metric or setting of the vectors. */
export type VectorValue = { readonly int?: number; readonly float?: number };

/** A call of numpy's normal: it gave loc + scale · z. */
export interface VectorDraw {
  readonly scale: number | string;
  readonly shape: readonly number[];
  readonly z: readonly number[];
}

/** A case of a client mod. */
export interface ModCase {
  readonly name: string;
  readonly mod: string;
  readonly options: { readonly [name: string]: number };
  readonly config: { readonly [name: string]: VectorValue };
  readonly sent: VectorModel;
  readonly reply: VectorModel;
  readonly reply_metrics: { readonly [name: string]: VectorValue };
  readonly arrays?: VectorModel;
  readonly metrics?: { readonly [name: string]: VectorValue };
  readonly error_code?: number;
  readonly raises?: string;
  readonly normal_draws?: readonly VectorDraw[];
}

/** A round of a strategy's case. */
export interface VectorRound {
  readonly server_round: number;
  readonly sent: VectorModel;
  readonly replies: readonly {
    readonly node_id: number;
    readonly arrays?: VectorModel;
    readonly metrics?: { readonly [name: string]: VectorValue };
    readonly error?: unknown;
  }[];
  readonly sent_config: { readonly [name: string]: VectorValue };
  readonly arrays?: VectorModel | null;
  readonly metrics?: { readonly [name: string]: VectorValue } | null;
  readonly raises?: string;
  readonly normal_draws?: readonly VectorDraw[];
  readonly state?: { readonly [name: string]: number };
}

/** A strategy's case. */
export interface StrategyCase {
  readonly name: string;
  readonly strategy: string;
  readonly options: { readonly [name: string]: number };
  readonly wraps?: {
    readonly strategy: string;
    readonly options: { readonly [name: string]: number };
  };
  readonly rounds: readonly VectorRound[];
}

/** The client mods' cases. */
export const MOD_CASES = vectors.mods as unknown as readonly ModCase[];

/** The cases of the wrappers for differential privacy. */
export const WRAPPER_CASES = (vectors.cases as unknown as readonly StrategyCase[])
  .filter(({ strategy }) => strategy.startsWith("DifferentialPrivacy"));

/** The wrappers' constructors, with what they refuse. */
export const WRAPPER_CONSTRUCTORS = (vectors.constructors as unknown as readonly {
  strategy: string;
  options: { [name: string]: number };
  raises: string | null;
  clipped_count_stddev?: number;
  noise_multiplier?: number;
}[]).filter(({ strategy }) => strategy.startsWith("DifferentialPrivacy"));

/** An option's name of ours for one of Flower's. */
export function camelCase<V>(options: { readonly [name: string]: V }): { [name: string]: V } {
  const camel = (name: string) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [camel(name), value]));
}

/** The tensors of a model. */
export function tensorsOf(model: VectorModel): Map<string, Tensor> {
  return new Map(
    Object.entries(model).map(([name, { dtype, shape, data }]) => {
      assert.ok((DTYPES as readonly string[]).includes(dtype), dtype);
      const numbers = new (arrayConstructor(dtype as DType))(data.length);
      data.forEach((value, i) => {
        if (numbers instanceof BigInt64Array || numbers instanceof BigUint64Array) {
          numbers[i] = BigInt(value);
        } else numbers[i] = Number(value);
      });
      return [name, tensor(dtype as DType, shape, numbers)] as const;
    }),
  );
}

/** The record of a model. */
export function recordOf(model: VectorModel): ArrayRecord {
  return ArrayRecord.fromTensors(tensorsOf(model));
}

/** The record of metrics. */
export function metricsOf(values: { readonly [name: string]: VectorValue }): MetricRecord {
  const record = new MetricRecord();
  for (const [name, { int, float }] of Object.entries(values)) {
    if (int !== undefined) record.setTyped(name, { type: "sint64", value: BigInt(int) });
    else record.setTyped(name, { type: "double", value: float! });
  }
  return record;
}

/** The record of settings. */
export function configOf(values: { readonly [name: string]: VectorValue }): ConfigRecord {
  const record = new ConfigRecord();
  for (const [name, typed] of metricsOf(values).typedEntries()) record.setTyped(name, typed);
  return record;
}

/** Compares tensors with expected ones: equal within a tolerance that is relative for large numbers. */
export function assertModel(
  actual: ReadonlyMap<string, Tensor>,
  expected: VectorModel,
  tolerance = 1e-6,
): void {
  assert.deepEqual([...actual.keys()], Object.keys(expected));
  for (const [name, { shape, data }] of tensorsOf(expected)) {
    const own = actual.get(name)!;
    assert.deepEqual(own.shape, shape);
    data.forEach((value, i) => {
      const [a, b] = [Number(own.data[i]), Number(value)];
      const close = Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b));
      assert.ok(close || Object.is(a, b), `${name}[${i}] is ${a}, expected ${b}`);
    });
  }
}

/** Noise as recorded, call by call: the deviation and the number of values must be those of the recording, too. */
export function forTestsRecordedNoise(
  draws: readonly VectorDraw[],
): NoiseSource & { left(): number } {
  const rest = [...draws];
  return {
    left: () => rest.length,
    gaussian(values, deviation) {
      const draw = rest.shift();
      assert.ok(draw !== undefined, "more noise than recorded");
      const scale = Number(draw.scale);
      assert.ok(Math.abs(deviation - scale) <= 1e-12 * scale, `${deviation} is not ${scale}`);
      assert.equal(values.length, draw.z.length);
      draw.z.forEach((z, i) => values[i]! += scale * z);
    },
    laplace: () => assert.fail("no Laplace noise was recorded"),
  };
}
