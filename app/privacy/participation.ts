import { FlwrError } from "../../base/error.ts";
import type { NodeId } from "../../entities/metadata.ts";
import type { ParticipationSchema } from "../../privacy/matrix/toeplitz.ts";

/** The rows that a node has joined. */
interface Joined {
  /** The last one, from 0. */
  readonly last: number;
  readonly count: number;
}

/** Records which nodes contributed to which rows of the noise, and decides who may contribute again. */
export class Participation {
  readonly #schema: ParticipationSchema;
  #joined = new Map<NodeId, Joined>();

  constructor(schema: ParticipationSchema) {
    this.#schema = schema;
  }

  /** The reason why a node may not join a row. Undefined if it may. */
  reasonAgainst(nodeId: NodeId, row: number): string | undefined {
    const { minSeparation, maxParticipations } = this.#schema;
    const joined = this.#joined.get(nodeId);
    if (joined === undefined) return undefined;
    if (row < joined.last + minSeparation) {
      return `it took part ${row - joined.last} rounds ago, and minSeparation is ${minSeparation}`;
    }
    if (joined.count < maxParticipations) return undefined;
    return `it took part ${joined.count} times, and maxParticipations is ${maxParticipations}`;
  }

  /** Counts a node's contribution to a row. */
  join(nodeId: NodeId, row: number): void {
    const count = (this.#joined.get(nodeId)?.count ?? 0) + 1;
    this.#joined.set(nodeId, { last: row, count });
  }

  /** Forgets everything, because another run starts. */
  clear(): void {
    this.#joined.clear();
  }

  /** All contributions, as plain data for JSON. */
  state(): Readonly<Record<string, readonly [last: number, count: number]>> {
    return Object.fromEntries(
      [...this.#joined].map(([nodeId, { last, count }]) => [`${nodeId}`, [last, count]]),
    );
  }

  /** Continues from a state. @throws FlwrError "invalid-argument" if it is malformed; nothing changes then */
  restore(state: unknown): void {
    const joined = new Map<NodeId, Joined>();
    const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
    for (const [id, value] of Object.entries(state ?? {})) {
      if (
        !/^\d{1,20}$/.test(id) || !Array.isArray(value) || value.length !== 2 ||
        !value.every(isCount)
      ) {
        throw new FlwrError("invalid-argument", "The checkpoint's participations are malformed");
      }
      joined.set(BigInt(id), { last: value[0], count: value[1] });
    }
    this.#joined = joined;
  }
}
