import { FlwrError } from "../../../base/error.ts";
import { counted } from "../../../base/readable.ts";
import type { ScalarValue } from "../../../fab/scalar.ts";
import type { SweepConfig } from "../../../fab/sweep_config.ts";
import { UsageError } from "../../flags/values.ts";

/** Settings of one run, by name. */
export type Settings = ReadonlyMap<string, ScalarValue>;

/** The setting that is averaged over unless the user names another. */
const SEED = "seed";

/** Options of {@link gridOf}. */
export interface GridOptions {
  /** The settings to average over. Undefined: "seed", if it has several values. */
  readonly averageOver: readonly string[] | undefined;
  /** Number of seeds, from 1. Undefined: those of the settings. */
  readonly seeds: number | undefined;
  readonly maxRuns: number;
}

/** The runs of a sweep. */
export interface Grid {
  /** Names of the settings with a list of values, in order. */
  readonly swept: readonly string[];
  /** Those of them that are averaged over. */
  readonly averaged: readonly string[];
  /** All combinations. The values of the last setting change fastest. */
  readonly runs: readonly Settings[];
}

/**
 * Makes the runs of a sweep.
 *
 * @throws UsageError if there are too many, or a flag does not fit the settings
 */
export function gridOf(config: SweepConfig, options: GridOptions): Grid {
  const axes = [...withSeeds(config, options.seeds)];
  const swept = axes.filter(([, value]) => Array.isArray(value)).map(([name]) => name);
  const averaged = averagedOver(swept, options.averageOver);
  let runs: (readonly (readonly [string, ScalarValue])[])[] = [[]];
  const count = axes.reduce((all, [, value]) => all * listOf(value).length, 1);
  if (count > options.maxRuns) {
    throw new UsageError(
      "invalid-argument",
      `The sweep has ${counted(count, "run")}, more than ${options.maxRuns}`,
      { hints: [`To allow it: --max-runs ${count}`] },
    );
  }
  for (const [name, value] of axes) {
    runs = runs.flatMap((run) => listOf(value).map((one) => [...run, [name, one] as const]));
  }
  return { swept, averaged, runs: runs.map((run) => new Map(run)) };
}

function listOf(value: ScalarValue | readonly ScalarValue[]): readonly ScalarValue[] {
  return typeof value === "object" ? value : [value];
}

/** Adds the seeds 1, 2, … of `--seeds`. */
function withSeeds(config: SweepConfig, seeds: number | undefined): SweepConfig {
  if (seeds === undefined) return config;
  if (config.has(SEED)) {
    throw new UsageError(
      "invalid-argument",
      `--seeds and "${SEED}" in --run-config exclude each other`,
      {
        hints: ["Remove one of them"],
      },
    );
  }
  return new Map([...config, [
    SEED,
    Array.from({ length: seeds }, (_, index) => BigInt(index + 1)),
  ]]);
}

function averagedOver(swept: readonly string[], names: readonly string[] | undefined): string[] {
  if (names === undefined) return swept.filter((name) => name === SEED);
  const unknown = names.find((name) => !swept.includes(name));
  if (unknown === undefined) return swept.filter((name) => names.includes(name));
  throw new UsageError(
    "invalid-argument",
    `--average-over: setting "${unknown}" has no list of values in --run-config`,
    { hints: [`Settings with a list: ${swept.join(", ") || "none"}`] },
  );
}

/** A setting's value in TOML: floats always look like floats, as `1.0`. */
export function valueText(value: ScalarValue): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "number") return String(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const text = Object.is(value, -0) ? "-0" : String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** Settings as `--run-config` takes them. */
export function settingsText(settings: Iterable<readonly [string, ScalarValue]>): string {
  return Array.from(settings, ([name, value]) => `${nameText(name)}=${valueText(value)}`).join(" ");
}

function nameText(name: string): string {
  return /^[A-Za-z0-9_.-]+$/.test(name) ? name : JSON.stringify(name);
}

/** The settings with these names. */
export function pick(settings: Settings, names: readonly string[]): Settings {
  return new Map(
    names.map((name) => {
      const value = settings.get(name);
      if (value === undefined) throw new FlwrError("internal", `There is no setting "${name}"`);
      return [name, value];
    }),
  );
}
