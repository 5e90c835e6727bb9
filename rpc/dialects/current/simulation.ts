import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FlwrError } from "../../../base/error.ts";
import {
  MAX_SLOW_SECONDS,
  MAX_VIRTUAL_NODES,
  type SimulationSettings,
} from "../../../entities/simulation.ts";
import {
  type SimulationConfig,
  SimulationConfigSchema,
} from "../../../proto/gen/current/run_pb.ts";

const SHA256 = /^[0-9a-f]{64}$/;

/** Converts settings to protobuf. A missing one stays missing. */
export function simulationToWire(settings: SimulationSettings): SimulationConfig {
  const { workersTokenHash: workersTokenSha256, ...others } = settings;
  return create(SimulationConfigSchema, {
    ...others,
    ...(workersTokenSha256 !== undefined && { workersTokenSha256 }),
  });
}

/**
 * Reads settings.
 *
 * @throws FlwrError "invalid-argument" that names the setting that is out of range: Flower (1.42) accepts any number
 */
export function simulationFromWire(config: SimulationConfig): SimulationSettings {
  const { $typeName: _, $unknown: __, workersTokenSha256: workersTokenHash, ...settings } = config;
  require(
    "num-supernodes",
    settings.numSupernodes,
    (value) => value >= 1 && value <= MAX_VIRTUAL_NODES,
    `from 1 to ${MAX_VIRTUAL_NODES}`,
  );
  require(
    "client-resources-num-cpus",
    settings.clientResourcesNumCpus,
    (n) => n >= 1,
    "at least 1",
  );
  require(
    "client-resources-num-gpus",
    settings.clientResourcesNumGpus,
    (n) => n >= 0,
    "at least 0",
  );
  require("init-args-num-cpus", settings.initArgsNumCpus, (value) => value >= 1, "at least 1");
  for (const name of ["dropout", "slow", "lie"] as const) {
    require(name, settings[name], (value) => value >= 0 && value <= 1, "from 0 to 1");
  }
  require(
    "slow-seconds",
    settings.slowSeconds,
    (value) => value >= 0 && value <= MAX_SLOW_SECONDS,
    `from 0 to ${MAX_SLOW_SECONDS}`,
  );
  if (workersTokenHash === undefined) return settings;
  if (SHA256.test(workersTokenHash)) return { ...settings, workersTokenHash };
  throw new FlwrError(
    "invalid-argument",
    "The token of simulation workers must be sent as its SHA-256, in hexadecimal",
  );
}

/** Whether settings have some that Flower does not have, which other SuperLinks ignore. */
export function hasFaultSettings({ dropout, slow, slowSeconds, lie }: SimulationSettings): boolean {
  return [dropout, slow, slowSeconds, lie].some((value) => value !== undefined);
}

/** The settings as the bytes of a message field. */
export function simulationToBytes(settings: SimulationSettings): Uint8Array {
  return toBinary(SimulationConfigSchema, simulationToWire(settings));
}

/**
 * Reads the settings that a run overrides.
 *
 * @throws FlwrError "invalid-argument" for the form of Flower up to 1.28, which had records of settings, and as
 * {@link simulationFromWire}
 */
export function simulationFromBytes(bytes: Uint8Array): SimulationSettings {
  let config: SimulationConfig;
  try {
    config = fromBinary(SimulationConfigSchema, bytes);
  } catch (cause) {
    throw new FlwrError("invalid-argument", "The settings of the simulation cannot be read", {
      hints: ["This SuperLink reads those of Flower 1.29 and later"],
      cause,
    });
  }
  return simulationFromWire(config);
}

function require(
  name: string,
  value: number | undefined,
  allowed: (value: number) => boolean,
  range: string,
): void {
  if (value === undefined || allowed(value)) return;
  throw new FlwrError("invalid-argument", `"${name}" must be ${range}: got ${value}`);
}
