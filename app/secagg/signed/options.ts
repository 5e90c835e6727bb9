import { FlwrError } from "../../../base/error.ts";
import { checkOptionNames, type OptionNames } from "../../../base/option_names.ts";
import {
  checkRoundSettings,
  leastThreshold,
  MIN_PARTICIPANTS,
  type RoundSettings,
} from "../../../secagg/signed/settings.ts";
import { checkCount, checkPositive } from "../../../base/check_option.ts";

/** Default of `timeout`: seconds for the replies of a stage. */
const DEFAULT_STAGE_TIMEOUT_SECONDS = 3_600;

/** Default of `quantizationRange`, R, by ring size. A step is c / R. */
const DEFAULT_QUANTIZATION_RANGE: Readonly<Record<32 | 64, number>> = {
  32: 2 ** 22,
  64: 2 ** 40,
};

/** Differential privacy inside the sum: see {@link SecureAggregationOptions.privacy}. */
export interface DistributedPrivacy {
  /** C: each node's update is clipped to this Euclidean norm, over all arrays together. Above 0. */
  readonly clippingNorm: number;
  /** The budget ε of all rounds together, in nats: the run ends before it is exceeded. Above 0. */
  readonly epsilon: number;
  /** The δ of that ε, above 0 and below 1: well below 1 divided by the number of nodes. */
  readonly delta: number;
  /** The number of rounds that the budget is for, from 1. */
  readonly rounds: number;
  /** The distribution of the noise (default "discrete-gaussian"). */
  readonly mechanism?: "discrete-gaussian" | "skellam";
  /**
   * Number of nodes that may tell the server their own noise, from 0 to below the threshold. The noise of the others is
   * enough for ε.
   * Default: as many as the protocol tolerates with a server that cheats, 2 · threshold − nodes − 1.
   */
  readonly colluding?: number;
}

const PRIVACY_NAMES: OptionNames<DistributedPrivacy> = {
  clippingNorm: true,
  epsilon: true,
  delta: true,
  rounds: true,
  mechanism: true,
  colluding: true,
};

/** Options that a private sum does not use. */
const WITHOUT_PRIVACY = ["maxWeight", "clippingRange", "quantizationRange", "metrics"] as const;

/** Options of SecureAggregation. */
export interface SecureAggregationOptions {
  /**
   * Fraction of the nodes that must stay until the end, from 2/3 to 1. It determines how many shares reconstruct a
   * secret, and how many nodes must sign the same list of survivors. A higher threshold tolerates more colluding nodes,
   * and fewer lost ones. Default: 2/3.
   */
  readonly threshold?: number;
  /**
   * The largest number of examples with which a node counts. A node with more counts as if it had this number. Default:
   * 1000.
   */
  readonly maxWeight?: number;
  /**
   * c: the elements of a node's update, its model minus the model that it received, are clipped to [−c, c]. Default: 8.
   */
  readonly clippingRange?: number;
  /** Vectors are summed modulo 2³² or 2⁶⁴. 64 bits are twice as large on the wire, but far more exact. Default: 32. */
  readonly ringBits?: 32 | 64;
  /**
   * R: [−c, c] becomes the integers from −R to R. Up to 2⁴⁸; with N nodes N·R must stay below 2³¹ or 2⁶³. Default: 2²²
   * with 32 bits, 2⁴⁰ with 64.
   */
  readonly quantizationRange?: number;
  /**
   * Training metrics to include in the sum, each with its largest absolute value: `{ loss: 100, accuracy: 1 }`. The
   * server learns only their means, weighted by examples. A metric that is not named stays on the node. Default: none.
   */
  readonly metrics?: Readonly<Record<string, number>>;
  /**
   * Differential privacy of the sum: each node clips its update and adds a share of noise, so the server sees only the
   * noisy sum. Nobody needs to be trusted with an update. Each node then counts the same, whatever its number of
   * examples, and no metrics are in the sum. Default: no noise.
   */
  readonly privacy?: DistributedPrivacy;
  /** Seconds for the replies of each stage, above 0. Default: 3600. */
  readonly timeout?: number;
  /**
   * Whether to accept keys that are not signed. A server in the middle could then read every model. Only for tests and
   * simulations, where nodes have no registered keys. Default: false.
   */
  readonly unsignedKeysForTests?: boolean;
}

const NAMES: OptionNames<SecureAggregationOptions> = {
  threshold: true,
  maxWeight: true,
  clippingRange: true,
  ringBits: true,
  quantizationRange: true,
  metrics: true,
  privacy: true,
  timeout: true,
  unsignedKeysForTests: true,
};

/** The options with their defaults. */
export type CheckedOptions =
  & Required<Omit<SecureAggregationOptions, "privacy">>
  & Pick<SecureAggregationOptions, "privacy">;

/** The options with their defaults. @throws FlwrError "invalid-argument" naming the option that is out of range */
export function checkedOptions(options: SecureAggregationOptions): CheckedOptions {
  checkOptionNames("SecureAggregation", options, NAMES);
  const ringBits = options.ringBits ?? 32;
  if (ringBits !== 32 && ringBits !== 64) {
    throw new FlwrError("invalid-argument", `ringBits must be 32 or 64: got ${ringBits}`);
  }
  const checked = {
    threshold: options.threshold ?? 2 / 3,
    maxWeight: options.maxWeight ?? 1_000,
    clippingRange: options.clippingRange ?? 8,
    ringBits,
    quantizationRange: options.quantizationRange ?? DEFAULT_QUANTIZATION_RANGE[ringBits],
    metrics: options.metrics ?? {},
    privacy: options.privacy,
    timeout: options.timeout ?? DEFAULT_STAGE_TIMEOUT_SECONDS,
    unsignedKeysForTests: options.unsignedKeysForTests ?? false,
  };
  const { threshold, unsignedKeysForTests, metrics } = checked;
  if (!(threshold >= 2 / 3 && threshold <= 1)) {
    throw new FlwrError(
      "invalid-argument",
      `threshold must be a fraction of the nodes from 2/3 to 1: got ${threshold}`,
      { hints: ["With less, a server that cheats could collect both shares of one node"] },
    );
  }
  if (typeof unsignedKeysForTests !== "boolean") {
    throw new FlwrError(
      "invalid-argument",
      `unsignedKeysForTests must be true or false: got ${unsignedKeysForTests}`,
    );
  }
  if (typeof metrics !== "object" || metrics === null || Array.isArray(metrics)) {
    throw new FlwrError("invalid-argument", "metrics must be an object of names and bounds", {
      hints: ["For example: metrics: { loss: 100, accuracy: 1 }"],
    });
  }
  if (Object.hasOwn(metrics, "num-examples")) {
    throw new FlwrError("invalid-argument", 'metrics must not have "num-examples"', {
      hints: ["The number of examples is always in the sum: set maxWeight to its largest value"],
    });
  }
  checkPositive("timeout", checked.timeout);
  if (options.privacy !== undefined) checkPrivacy(options.privacy, options);
  // A check with the minimum number of nodes finds most mistakes when the strategy is created.
  checkRoundSettings(settingsFor(checked, 1, MIN_PARTICIPANTS));
  return checked;
}

function checkPrivacy(privacy: DistributedPrivacy, options: SecureAggregationOptions): void {
  checkOptionNames("privacy of SecureAggregation", privacy, PRIVACY_NAMES);
  for (const name of ["clippingNorm", "epsilon"] as const) {
    checkPositive(`privacy.${name}`, privacy[name]);
  }
  if (!(privacy.delta > 0 && privacy.delta < 1)) {
    const text = `privacy.delta must be a number above 0 and below 1: got ${privacy.delta}`;
    throw new FlwrError("invalid-argument", text);
  }
  checkCount("privacy.rounds", privacy.rounds, 1);
  if (privacy.colluding !== undefined) checkCount("privacy.colluding", privacy.colluding, 0);
  const { mechanism } = privacy;
  if (mechanism !== undefined && mechanism !== "discrete-gaussian" && mechanism !== "skellam") {
    throw new FlwrError(
      "invalid-argument",
      `privacy.mechanism must be "discrete-gaussian" or "skellam": got "${mechanism}"`,
    );
  }
  const unused = WITHOUT_PRIVACY.find((name) => options[name] !== undefined);
  if (unused === undefined) return;
  throw new FlwrError("invalid-argument", `${unused} cannot be used with privacy`, {
    hints: [
      "With privacy, each node counts the same, clippingNorm bounds its update, and ε would not cover metrics",
    ],
  });
}

/** The unchecked settings of a round for a number of nodes, without noise. */
export function settingsFor(
  options: CheckedOptions,
  round: number,
  participants: number,
): RoundSettings {
  const { threshold, maxWeight, clippingRange, ringBits, quantizationRange, metrics } = options;
  // The double nearest to 2/3 is not exact, but 2/3 of 3 nodes must be 2.
  const part = Math.ceil(threshold * participants - 1e-9);
  const common = {
    ...{ round, participants, ringBits },
    threshold: Math.max(leastThreshold(participants), part),
  };
  if (options.privacy !== undefined) {
    const { clippingNorm } = options.privacy;
    return {
      ...common,
      ...{ maxWeight: 1, clippingRange: clippingNorm, quantizationRange: 1, metrics: [] },
    };
  }
  const entries = Object.entries(metrics);
  return { ...common, maxWeight, clippingRange, quantizationRange, metrics: entries };
}

/** {@link DistributedPrivacy.colluding}, or else as many as the protocol tolerates with a server that cheats. */
export function colludingIn(
  { colluding }: DistributedPrivacy,
  { threshold, participants }: RoundSettings,
): number {
  return colluding ?? Math.max(0, 2 * threshold - participants - 1);
}
