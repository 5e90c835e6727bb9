import { FlwrError } from "../../base/error.ts";
import type { GaussianPrivacyEvent, PrivacyAccountant } from "./accountant.ts";

/** Version of the form below, from Flower 1.42. */
const SCHEMA_VERSION = 1;

/** An accountant's settings and releases, in the form of `state_dict()` in Flower 1.42: numbers and texts only. */
export interface AccountantState {
  /** Version of the form: 1. */
  readonly schema_version: number;
  /** The accounting method. */
  readonly backend: string;
  /** The settings. */
  readonly config: {
    readonly target_delta: number;
    readonly population_size: number;
    readonly neighboring_relation: string;
    readonly sampling_method: string;
    readonly max_epsilon: number | null;
  };
  /** Orders of RDP; empty for PLD, which Flower does not have. */
  readonly orders: readonly number[];
  /** The releases, in order. */
  readonly compositions: readonly {
    readonly event: {
      readonly noise_multiplier: number;
      readonly sample_size: number;
      readonly population_size: number;
    };
    readonly count: number;
  }[];
}

interface Composition {
  readonly event: GaussianPrivacyEvent;
  readonly count: number;
}

/** An accountant that may keep orders. */
type Accountant = Pick<PrivacyAccountant, "method" | "config" | "neighboringRelation"> & {
  readonly orders?: readonly number[];
};

/** An accountant's state in Flower's form. */
export function writeState(
  accountant: Accountant,
  compositions: readonly Composition[],
): AccountantState {
  return {
    schema_version: SCHEMA_VERSION,
    backend: accountant.method,
    config: configOf(accountant),
    orders: [...accountant.orders ?? []],
    compositions: compositions.map(({ event, count }) => ({
      event: {
        noise_multiplier: event.noiseMultiplier,
        sample_size: event.sampleSize,
        population_size: accountant.config.populationSize,
      },
      count,
    })),
  };
}

/**
 * The releases in a state. Ranges of their numbers are the caller's to check.
 *
 * @throws FlwrError "invalid-argument" if the state is malformed, or does not match the accountant
 */
export function readState(accountant: Accountant, state: unknown): Composition[] {
  const { schema_version, backend, config, orders, compositions } = object(state, "state");
  expect("schema_version", schema_version, SCHEMA_VERSION);
  expect("backend", backend, accountant.method);
  const given = object(config, "config");
  for (const [name, value] of Object.entries(configOf(accountant))) {
    expect(`config.${name}`, given[name], value);
  }
  expect("orders", JSON.stringify(orders), JSON.stringify(accountant.orders ?? []));
  if (!Array.isArray(compositions)) throw malformed("compositions", "a list", compositions);
  return compositions.map((composition: unknown, i) => {
    const name = `compositions[${i}]`;
    const { event, count } = object(composition, name);
    const fields = object(event, `${name}.event`);
    expect(
      `${name}.event.population_size`,
      fields.population_size,
      accountant.config.populationSize,
    );
    return {
      event: {
        noiseMultiplier: number(fields.noise_multiplier, `${name}.event.noise_multiplier`),
        sampleSize: number(fields.sample_size, `${name}.event.sample_size`),
      },
      count: number(count, `${name}.count`),
    };
  });
}

function configOf({ config, neighboringRelation }: Accountant): AccountantState["config"] {
  return {
    target_delta: config.targetDelta,
    population_size: config.populationSize,
    neighboring_relation: neighboringRelation,
    sampling_method: config.samplingMethod,
    max_epsilon: config.maxEpsilon ?? null,
  };
}

function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw malformed(name, "an object", value);
}

function number(value: unknown, name: string): number {
  if (typeof value === "number") return value;
  throw malformed(name, "a number", value);
}

function expect(name: string, got: unknown, expected: unknown): void {
  if (got !== expected) throw malformed(name, JSON.stringify(expected), got);
}

function malformed(name: string, expected: string, got: unknown): FlwrError {
  const text = JSON.stringify(got) ?? "nothing";
  const shown = text.length > 80 ? `${text.slice(0, 77)}…` : text;
  return new FlwrError(
    "invalid-argument",
    `The accountant's state has ${name} ${shown}, expected ${expected}`,
    { hints: ["Restore it into an accountant with the method and settings that made it"] },
  );
}
