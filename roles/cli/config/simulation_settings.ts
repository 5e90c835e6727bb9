import {
  MAX_SLOW_SECONDS,
  MAX_VIRTUAL_NODES,
  type SimulationSettings,
} from "../../../entities/simulation.ts";
import { FlwrError } from "../../../base/error.ts";
import type { ScalarValue } from "../../../fab/scalar.ts";

export { MAX_VIRTUAL_NODES, type ScalarValue, type SimulationSettings };
export { MAX_NODES_PER_WORKER, MAX_WORKERS_PER_RUN } from "../../../entities/node_job.ts";

type Field = keyof SimulationSettings;

/** The kind of value that a setting must have. */
interface Kind {
  readonly name: string;
  readonly accepts: (value: ScalarValue) => boolean;
}

const COUNT: Kind = {
  name: "a whole number, 1 or more",
  accepts: (value) => typeof value === "bigint" && value >= 1n && value < 2n ** 32n,
};
const WHOLE: Kind = {
  name: "a whole number, 0 or more",
  accepts: (value) => typeof value === "bigint" && value >= 0n && value < 2n ** 32n,
};
const AMOUNT: Kind = {
  name: "a number, 0 or more",
  accepts: (value) =>
    (typeof value === "bigint" || typeof value === "number") && value >= 0 && value < 2 ** 32,
};
const isUpTo = (most: number) => (value: ScalarValue) =>
  (typeof value === "bigint" || typeof value === "number") && value >= 0 && value <= most;
const SHARE: Kind = { name: "a share, from 0 to 1", accepts: isUpTo(1) };
const SECONDS: Kind = {
  name: `a number of seconds, from 0 to ${MAX_SLOW_SECONDS}`,
  accepts: isUpTo(MAX_SLOW_SECONDS),
};
const SWITCH: Kind = { name: "true or false", accepts: (value) => typeof value === "boolean" };
const TEXT: Kind = { name: "a text", accepts: (value) => typeof value === "string" };

/** Settings by the names of Flower's `--federation-config` (1.42), and the faults, which Flower does not have. */
const SETTINGS: Readonly<Record<string, readonly [Field, Kind]>> = {
  "num-supernodes": ["numSupernodes", COUNT],
  "client-resources-num-cpus": ["clientResourcesNumCpus", COUNT],
  "client-resources-num-gpus": ["clientResourcesNumGpus", AMOUNT],
  "init-args-num-cpus": ["initArgsNumCpus", COUNT],
  "init-args-num-gpus": ["initArgsNumGpus", WHOLE],
  "init-args-logging-level": ["initArgsLoggingLevel", TEXT],
  "init-args-log-to-driver": ["initArgsLogToDriver", SWITCH],
  "backend": ["backend", TEXT],
  "verbose": ["verbose", SWITCH],
  "dropout": ["dropout", SHARE],
  "slow": ["slow", SHARE],
  "slow-seconds": ["slowSeconds", SECONDS],
  "lie": ["lie", SHARE],
};

/**
 * Reads settings of a simulation.
 *
 * @param values by Flower's names
 * @param where the flag or the file with its table, for errors
 * @throws FlwrError "invalid-argument" that names the setting and what is wrong
 */
export function readSimulationSettings(
  values: Readonly<Record<string, ScalarValue>>,
  where: string,
): SimulationSettings {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const setting = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
      if (setting === undefined) {
        throw new FlwrError("invalid-argument", `${where}: unknown setting "${name}"`, {
          hints: [`Known settings: ${Object.keys(SETTINGS).join(", ")}`],
        });
      }
      const [field, kind] = setting;
      if (!kind.accepts(value)) {
        throw new FlwrError(
          "invalid-argument",
          `${where}: "${name}" must be ${kind.name}: got ${value}`,
        );
      }
      return [field, typeof value === "bigint" ? Number(value) : value];
    }),
  );
}

/** The settings by Flower's names, as JSON and tables show them. A missing one is null. */
export function simulationSettingsJson(
  settings: SimulationSettings,
): Record<string, number | string | boolean | null> {
  return Object.fromEntries(
    Object.entries(SETTINGS).map(([name, [field]]) => [name, settings[field] ?? null]),
  );
}
