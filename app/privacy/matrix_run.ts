import { FlwrError } from "../../base/error.ts";
import { currentRandom } from "../../base/current_random.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import type { NodeId } from "../../entities/metadata.ts";
import { CorrelatedNoise } from "../../privacy/matrix/correlated_noise.ts";
import {
  bestBands,
  type ParticipationSchema,
  sensitivityOf,
  squareRootBands,
} from "../../privacy/matrix/toeplitz.ts";
import { KEY_BYTES } from "../../privacy/noise/keyed_entropy.ts";
import type { Grid } from "../grid.ts";
import type { Message } from "../message.ts";
import { sampleNodes } from "../strategy/selection/sampling.ts";
import type { Round } from "../strategy/strategy.ts";
import { Participation } from "./participation.ts";
import type { RunNoise } from "./run_noise.ts";

/** Options of a {@link MatrixRun}. */
export interface MatrixRunOptions extends ParticipationSchema {
  /** p: number of bands of C (default: the number with the least error, up to 32). */
  readonly bands?: number;
  /** Number of nodes of a round. */
  readonly numSampledClients: number;
  /** Seed for the choice of nodes (default: random). */
  readonly seed?: number;
}

/** The correlated noise of a run: which nodes may join a round, and the noise of its sum. */
export class MatrixRun implements RunNoise {
  readonly #options: MatrixRunOptions & { readonly bands: number };
  readonly #participation: Participation;
  readonly #noise: CorrelatedNoise;
  /** The sensitivity of the run's sums, for contributions of norm 1. */
  readonly sensitivity: number;

  constructor(options: MatrixRunOptions) {
    const bands = options.bands ?? bestBands(options);
    const column = squareRootBands(bands);
    this.#options = { ...options, bands };
    this.#participation = new Participation(options);
    this.#noise = new CorrelatedNoise({ column, rounds: options.rounds });
    this.sensitivity = sensitivityOf(column, options);
  }

  get description(): string {
    const sensitivity = Number(this.sensitivity.toPrecision(4));
    return `correlated over the rounds with ${this.#options.bands} bands (sensitivity ${sensitivity})`;
  }

  get released(): number {
    return this.#noise.row;
  }

  reset(): void {
    if (this.released === 0) return;
    this.#participation.clear();
    this.#noise.reset();
  }

  stopBefore(round: number): string | undefined {
    const { rounds } = this.#options;
    if (this.released < rounds) return undefined;
    return `Correlated noise: round ${round} would be the release ${this.released + 1}, ` +
      `and rounds is ${rounds}`;
  }

  /** Chooses uniformly from the online nodes that may join. Waits until there are enough. */
  async choose({ grid, number, signal }: Round): Promise<Grid> {
    const { numSampledClients, seed } = this.#options;
    const mayJoin = (nodeId: NodeId) => this.#reasonAgainst(nodeId) === undefined;
    const online = await grid.waitForNodes(numSampledClients, { signal });
    const some = online.filter(mayJoin).length;
    if (some < numSampledClients) {
      const text = `  ${some} of ${online.length} online nodes may join round ${number}, ` +
        `${numSampledClients} are needed: waiting for others`;
      grid.report({ type: "note", text });
    }
    const eligible = await grid.waitForNodes(numSampledClients, {
      signal,
      where: ({ nodeId }) => mayJoin(nodeId),
    });
    const random: Random = seed === undefined
      ? currentRandom()
      : seededRandom(seed + Math.imul(number, 0x9e3779b1));
    return grid.among(sampleNodes(eligible, numSampledClients, random));
  }

  checkPlan(messages: readonly Message[]): void {
    for (const { metadata: { dstNodeId } } of messages) {
      const reason = this.#reasonAgainst(dstNodeId);
      if (reason === undefined) continue;
      throw new FlwrError(
        "failed-precondition",
        `The strategy's selection asks node ${dstNodeId}, which may not join: ${reason}`,
        { hints: ["Select among the online nodes of the round's grid, as FractionSelection does"] },
      );
    }
  }

  checkReply(nodeId: NodeId): void {
    const reason = this.#reasonAgainst(nodeId);
    if (reason !== undefined) throw new FlwrError("failed-precondition", reason);
  }

  release(sum: readonly Float64Array[], nodeIds: readonly NodeId[], deviation: number): void {
    const row = this.released;
    this.#noise.add(sum, deviation);
    for (const nodeId of nodeIds) this.#participation.join(nodeId, row);
  }

  save(): string {
    const { key, rowKeys } = this.#noise.state();
    return JSON.stringify({
      ...this.#schema(),
      key: key.toHex(),
      rowKeys: rowKeys.map((key) => key.toHex()),
      participation: this.#participation.state(),
    });
  }

  restore(text: string): void {
    const state = this.#parsed(text);
    for (const [name, value] of Object.entries(this.#schema())) {
      if (state[name] === value) continue;
      throw malformed(`The checkpoint's ${name} is ${state[name]}, expected ${value}`);
    }
    const { key, rowKeys, participation } = state;
    if (!isKey(key) || !Array.isArray(rowKeys) || !rowKeys.every(isKey)) {
      throw malformed("The checkpoint's keys of the noise are malformed");
    }
    if (rowKeys.length > this.#options.rounds) {
      throw malformed(`The checkpoint has ${rowKeys.length} releases, at most rounds are possible`);
    }
    this.#participation.restore(participation);
    this.#noise.restore({
      key: Uint8Array.fromHex(key),
      rowKeys: rowKeys.map((key) => Uint8Array.fromHex(key)),
    });
  }

  #parsed(text: string): Record<string, unknown> {
    try {
      return Object(JSON.parse(text));
    } catch (cause) {
      throw new FlwrError("invalid-argument", "The state of the noise is not JSON", { cause });
    }
  }

  #schema(): Readonly<Record<string, number>> {
    const { rounds, minSeparation, maxParticipations, bands } = this.#options;
    return { rounds, minSeparation, maxParticipations, bands };
  }

  #reasonAgainst(nodeId: NodeId): string | undefined {
    return this.#participation.reasonAgainst(nodeId, this.released);
  }
}

function isKey(value: unknown): value is string {
  return typeof value === "string" && new RegExp(`^[0-9a-f]{${2 * KEY_BYTES}}$`).test(value);
}

function malformed(text: string): FlwrError {
  return new FlwrError("invalid-argument", text, {
    hints: ["Resume with the options of the run that made the checkpoint"],
  });
}
