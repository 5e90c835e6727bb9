import { mixBits } from "../base/random.ts";

/**
 * The seed of a node's work on one message. It depends on nothing that differs between two simulations of the same
 * run, such as the number of workers or the order of the nodes.
 *
 * @param seed the run's seed, any integer
 * @param partition the node's partition
 * @param number the number of the message among those of this node, from 0
 * @returns an unsigned 32-bit integer
 */
export function nodeSeed(seed: number, partition: number, number: number): number {
  return mix(mix(mix(seed) ^ partition) ^ number);
}

/** Mixes the low 32 bits of an integer: the finalizer of MurmurHash3 (Appleby) over a step of the golden ratio. */
function mix(value: number): number {
  return mixBits(value + 0x9e3779b9);
}

/** The seed of a ServerApp's work in a simulation. */
export function serverSeed(seed: number): number {
  return mix(mix(seed) ^ 0x5e27e5);
}
