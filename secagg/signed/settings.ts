import { FlwrError } from "../../base/error.ts";
import type { RingBits } from "./ring_vector.ts";
import { type Part, statementHash } from "./statement.ts";

/**
 * Minimum number of nodes in a round. With two, each could compute the other's model by subtracting its own from the
 * sum.
 */
export const MIN_PARTICIPANTS = 3;

/** Maximum number of nodes in a round, because each node agrees on keys with every other. */
export const MAX_PARTICIPANTS = 10_000;

/** Largest R: quantised numbers are exact in double precision. */
export const MAX_QUANTIZATION_RANGE = 2 ** 48;

/** Maximum number of metrics in the sum. */
export const MAX_METRICS = 100;

/** What the server and the nodes of a round agree on. */
export interface RoundSettings {
  /** The round, from 1. */
  readonly round: number;
  /** N: nodes that were asked to take part. */
  readonly participants: number;
  /**
   * T: number of shares that reconstruct a secret, and of signatures that a node needs to reveal a share. At least 2/3
   * of N.
   */
  readonly threshold: number;
  /** Vectors are summed modulo 2³² or 2⁶⁴. */
  readonly ringBits: RingBits;
  /** c: elements of a model's update are clipped to [−c, c]. */
  readonly clippingRange: number;
  /** R: [−c, c] becomes the integers from −R to R. */
  readonly quantizationRange: number;
  /** Largest number of examples of a node. Its update is multiplied by its examples / maxWeight. */
  readonly maxWeight: number;
  /** Metrics in the sum, each with its largest absolute value, in the order of the vector. */
  readonly metrics: readonly (readonly [name: string, bound: number])[];
  /** The noise that nodes add to their numbers. Default: none. */
  readonly noise?: NoiseSettings;
}

/** Noise inside the sum, on which server and nodes agree: they plan it in the same way. */
export interface NoiseSettings {
  /** The distribution: "discrete-gaussian" or "skellam". */
  readonly mechanism: string;
  /** C: updates are clipped to this Euclidean norm. */
  readonly clippingNorm: number;
  /** z: the noise's standard deviation in the sum ÷ the largest norm of a node's integers. */
  readonly noiseMultiplier: number;
  /** Number of nodes that may collude with the server. Their noise does not count. */
  readonly colluding: number;
}

/**
 * The lowest threshold for a number of nodes: two thirds of them, rounded up. Two sets of that many signers have at
 * least a third of the nodes in common.
 */
export function leastThreshold(participants: number): number {
  return Math.max(2, Math.ceil(2 * participants / 3));
}

/**
 * Checks that a round's settings give a correct and secret sum. The server and the nodes call it.
 *
 * @throws FlwrError "invalid-argument" naming the setting, its value and what it must be
 */
export function checkRoundSettings(settings: RoundSettings): void {
  const { round, participants, threshold, ringBits, quantizationRange, metrics } = settings;
  const refuse = (name: string, value: unknown, expected: string, hints: string[] = []) => {
    const text = `Secure aggregation: ${name} is ${value}, expected ${expected}`;
    throw new FlwrError("invalid-argument", text, { hints });
  };
  if (!isWhole(round, 1)) refuse("round", round, "a whole number from 1");
  if (!isWhole(participants, MIN_PARTICIPANTS, MAX_PARTICIPANTS)) {
    refuse("the number of nodes", participants, `${MIN_PARTICIPANTS} to ${MAX_PARTICIPANTS}`);
  }
  const least = leastThreshold(participants);
  if (!isWhole(threshold, least, participants)) {
    const nodes = `${participants} nodes`;
    refuse("threshold", threshold, `${least} to ${participants}: at least 2/3 of the ${nodes}`);
  }
  if (ringBits !== 32 && ringBits !== 64) refuse("ringBits", ringBits, "32 or 64");
  for (const name of ["clippingRange", "maxWeight"] as const) {
    const value = settings[name];
    if (!(value > 0 && value <= Number.MAX_SAFE_INTEGER)) {
      refuse(name, value, "a number above 0, at most 2^53 - 1");
    }
  }
  if (!isWhole(quantizationRange, 1, MAX_QUANTIZATION_RANGE)) {
    refuse("quantizationRange", quantizationRange, "a whole number from 1 to 2^48");
  }
  if (metrics.length > MAX_METRICS) {
    refuse("the number of metrics", metrics.length, `at most ${MAX_METRICS}`);
  }
  for (const [name, bound] of metrics) {
    if (!(bound > 0 && Number.isFinite(bound))) {
      refuse(`the bound of metric "${name}"`, bound, "a number above 0");
    }
  }
  if (new Set(metrics.map(([name]) => name)).size < metrics.length) {
    refuse("a metric", "listed twice", "each once");
  }
  checkRoom(settings, refuse);
}

/** The sum of all nodes' numbers must be a signed number of the ring: nothing may wrap around. */
function checkRoom(
  { participants, ringBits, quantizationRange, maxWeight }: RoundSettings,
  refuse: (name: string, value: unknown, expected: string, hints: string[]) => void,
): void {
  const most = 2 ** (ringBits - 1) - 1;
  const hints = [
    ringBits === 32 ? "Set ringBits: 64, or lower the value" : "Lower the value",
  ];
  const each = Math.floor(most / participants);
  if (participants * quantizationRange > most) {
    refuse(
      "quantizationRange",
      quantizationRange,
      `at most ${each}: the sum of ${participants} nodes must stay below 2^${ringBits - 1}`,
      hints,
    );
  }
  if (participants * maxWeight > most) {
    refuse(
      "maxWeight",
      maxWeight,
      `at most ${each}: the sum of ${participants} nodes must stay below 2^${ringBits - 1}`,
      hints,
    );
  }
}

/** A hash of all settings: nodes with different settings cannot read each other's shares. */
export function settingsHash(settings: RoundSettings): Promise<Uint8Array<ArrayBuffer>> {
  const { round, participants, threshold, ringBits, clippingRange } = settings;
  const { quantizationRange, maxWeight, metrics, noise } = settings;
  const parts: Part[] = [round, participants, threshold, ringBits, clippingRange];
  parts.push(quantizationRange, maxWeight, ...metrics.flat());
  if (noise !== undefined) {
    const { mechanism, clippingNorm, noiseMultiplier, colluding } = noise;
    parts.push("noise", mechanism, clippingNorm, noiseMultiplier, colluding);
  }
  return statementHash("settings", ...parts);
}

function isWhole(value: number, least: number, most = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}
