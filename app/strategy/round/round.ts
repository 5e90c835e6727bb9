import type { Tensor } from "../../../tensor/tensor.ts";
import type { ArrayRecord } from "../../array_record.ts";
import type { ConfigRecord } from "../../config_record.ts";
import type { Grid } from "../../grid.ts";
import type { PhaseName } from "../../result.ts";

/** The data of a round that a strategy's hooks receive. */
export interface Round {
  /** Number of the round, from 1. */
  readonly number: number;
  /** The current global model. */
  readonly arrays: ArrayRecord;
  /** The user's settings for the nodes in this phase of this round. The hook may change the record. */
  readonly config: ConfigRecord;
  /** The access to the nodes. */
  readonly grid: Grid;
  /** Ends the run. */
  readonly signal?: AbortSignal;
}

/** Tensors by name, in the model's order. */
export type Tensors = ReadonlyMap<string, Tensor>;

/** A phase of a round, as the parts of a strategy receive it. */
export interface PhaseRound extends Round {
  /** The phase. Replies to "evaluate" contain only metrics. */
  readonly phase: PhaseName;
  /** The decoded global model that the nodes receive. Do not change it. */
  readonly sent: Tensors;
}

/** The phase of a round. The model is decoded once, when a part first needs it. */
export function phaseOf(round: Round, phase: PhaseName): PhaseRound {
  let sent: Tensors | undefined;
  return {
    ...round,
    phase,
    get sent() {
      return sent ??= round.arrays.viewTensors();
    },
  };
}
