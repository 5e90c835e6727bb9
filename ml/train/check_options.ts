import { FlwrError } from "../../base/error.ts";
import { firstNotFinite } from "../../tensor/first_not_finite.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { requireLearningRate, requireRange } from "../nn/optimizer.ts";
import type { Variable } from "../nn/trace.ts";
import { type Device, DEVICES } from "../engine/device.ts";
import { checkEarlyStop } from "./early_stop.ts";
import type { FitOptions, Proximal } from "./fit_options.ts";
import { matchParameters } from "./parameters.ts";
import type { StoredType } from "./stored_type.ts";

/**
 * Checks the options of a fit.
 *
 * @param variables the network's variables
 * @param stored the type in which its parameters are kept
 * @returns the options, with the global parameters converted to the dtypes of the network's
 * @throws FlwrError "invalid-argument" that names the option
 */
export function checkedFitOptions<T extends FitOptions>(
  options: T,
  variables: readonly Variable[],
  stored: StoredType,
): T {
  requireCount("epochs", options.epochs ?? 1);
  if (options.learningRate !== undefined) requireLearningRate(options.learningRate);
  if (options.seed !== undefined) requireSeed(options.seed);
  const proximal = checkedProximal(options.proximal, variables, stored);
  if (options.earlyStop !== undefined) {
    checkEarlyStop(options.earlyStop);
    if (options.validation === undefined) {
      throw new FlwrError("invalid-argument", "An early stop needs validation data: got none");
    }
  }
  if (options.correction === undefined) return { ...options, proximal };
  return { ...options, proximal, correction: checkedCorrection(options.correction, variables) };
}

/** Corrections are kept in float32, the type of gradients. */
function checkedCorrection(
  correction: ReadonlyMap<string, Tensor>,
  variables: readonly Variable[],
): ReadonlyMap<string, Tensor> {
  const known = new Map(variables.map((variable) => [variable.name, variable]));
  const checked = new Map<string, Tensor>();
  for (const [name, value] of correction) {
    const variable = known.get(name);
    if (variable === undefined) {
      throw new FlwrError("invalid-argument", `"correction" has an unknown parameter "${name}"`, {
        hints: [`The network has ${[...known.keys()].join(", ")}`],
      });
    }
    if (!variable.trained) continue;
    const tensor = matchParameters([variable], new Map([[name, value]])).get(name)!;
    const place = firstNotFinite(tensor.data);
    if (place !== undefined) {
      throw new FlwrError(
        "invalid-argument",
        `"correction" of "${name}" is not finite: element ${place} is ${tensor.data[place]}`,
      );
    }
    checked.set(name, tensor);
  }
  return checked;
}

function checkedProximal(
  proximal: FitOptions["proximal"] = 0,
  variables: readonly Variable[],
  stored: StoredType,
): number | Proximal {
  const { strength, to } = typeof proximal === "number" ? { strength: proximal } : proximal;
  requireRange("strength of the proximal term", strength, 0, Infinity);
  return to === undefined ? strength : { strength, to: matchParameters(variables, to, stored) };
}

/**
 * Checks a seed.
 *
 * @throws FlwrError "invalid-argument" unless it is an integer
 */
export function requireSeed(seed: number): number {
  if (Number.isSafeInteger(seed)) return seed;
  throw new FlwrError("invalid-argument", `"seed" must be an integer: got ${seed}`);
}

/**
 * Checks a count.
 *
 * @throws FlwrError "invalid-argument" unless it is an integer of at least 1
 */
export function requireCount(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new FlwrError("invalid-argument", `"${name}" must be a positive integer: got ${value}`);
}

/**
 * Checks the name of a device.
 *
 * @throws FlwrError "invalid-argument" unless it is one of {@link DEVICES}
 */
export function requireKnown(device: Device): Device {
  if (DEVICES.includes(device)) return device;
  throw new FlwrError(
    "invalid-argument",
    `"device" must be one of ${DEVICES.join(", ")}: got ${device}`,
  );
}
