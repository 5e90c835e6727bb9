import { FlwrError } from "../../base/error.ts";
import type { RingBits } from "./ring_vector.ts";
import { type Part, statementHash } from "./statement.ts";

/** Fewest nodes of a round: of two, each learns the other's model by subtracting its own from the sum. */
export const MIN_PARTICIPANTS = 3;

/** Most nodes of a round: each node agrees on keys with every other. */
export const MAX_PARTICIPANTS = 10_000;

/** Largest R: quantised numbers are exact in double precision. */
export const MAX_QUANTIZATION_RANGE = 2 ** 48;

/** Most metrics in the sum. */
export const MAX_METRICS = 100;

/** What the server and the nodes of a round agree on. */
export interface RoundSettings {
  /** The round, from 1. */
  readonly round: number;
  /** N: nodes that were asked to take part. */
  readonly participants: number;
  /** T: shares that give a secret back, and signatures before a share is revealed. At least 2/3 of N. */
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
  /** The largest absolute value that a node's noise adds to an element; 0 without noise. */
  readonly noiseBound: number;
}

/**
 * The lowest threshold for a number of nodes: two thirds of them, rounded up. Two sets of so many signers have at least
 * a third of the nodes in common.
 */
export function leastThreshold(participants: number): number {
  return Math.max(2, Math.ceil(2 * participants / 3));
}

/**
 * Checks that a round's settings give a sum that is right and secret. Server and nodes both do.
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
  if (!isWhole(settings.noiseBound, 0)) {
    refuse("noiseBound", settings.noiseBound, "a whole number from 0");
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
  { participants, ringBits, quantizationRange, noiseBound, maxWeight }: RoundSettings,
  refuse: (name: string, value: unknown, expected: string, hints: string[]) => void,
): void {
  const most = 2 ** (ringBits - 1) - 1;
  const hints = [
    ringBits === 32 ? "Set ringBits: 64, or lower the value" : "Lower the value",
  ];
  const each = Math.floor(most / participants);
  if (participants * (quantizationRange + noiseBound) > most) {
    const noise = noiseBound > 0 ? ` with noise up to ${noiseBound}` : "";
    refuse(
      "quantizationRange",
      quantizationRange,
      `at most ${Math.max(0, each - noiseBound)}: the sum of ${participants} nodes${noise} must ` +
        `stay below 2^${ringBits - 1}`,
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

/** A hash of all settings: nodes with different ones do not understand each other. */
export function settingsHash(settings: RoundSettings): Promise<Uint8Array<ArrayBuffer>> {
  const { round, participants, threshold, ringBits, clippingRange } = settings;
  const { quantizationRange, maxWeight, metrics, noiseBound } = settings;
  const parts: Part[] = [round, participants, threshold, ringBits, clippingRange];
  parts.push(quantizationRange, maxWeight, noiseBound, ...metrics.flat());
  return statementHash("settings", ...parts);
}

function isWhole(value: number, least: number, most = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}
