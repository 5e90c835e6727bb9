import { FlwrError } from "../../../base/error.ts";
import { tensor } from "../../../tensor/tensor.ts";
import { ArrayRecord } from "../../array_record.ts";
import type { NodeId } from "../../../entities/metadata.ts";
import type { Message } from "../../message.ts";
import type { Failure } from "../../result.ts";
import { checkCount } from "../../../base/check_option.ts";
import { FedAvg, type FedAvgOptions } from "../fedavg.ts";
import { checkReply } from "../contract/reply_check.ts";
import type { CheckedReply } from "../contract/reply_contract.ts";
import type { PhasePlan, Round, TrainOutcome } from "../strategy.ts";
import { formatNorm, inOrder } from "../contract/update_bound.ts";

/** Default of `maxModelBytes`. */
const MAX_MODEL_BYTES = 64 * 2 ** 20;

/** Name of the only array of a model, as Flower numbers it. */
const ONLY = "0";

/** Options that the strategies for XGBoost share. */
export interface FedXgbOptions extends Omit<FedAvgOptions, "largeUpdates"> {
  /** Largest accepted size of a node's model and of the global one, in bytes, from 1 (default 64 MiB). */
  readonly maxModelBytes?: number;
  /**
   * Largest accepted norm of the values of a reply's new leaves. Above 0; Infinity disables the limit (default 10³⁰).
   */
  readonly maxUpdateNorm?: number;
}

/** An XGBoost model as Flower sends it: one array "0" of bytes. Empty: no model yet. */
export function xgbArrays(bytes: Uint8Array = new Uint8Array()): ArrayRecord {
  return ArrayRecord.fromTensors({ [ONLY]: tensor("uint8", [bytes.length], bytes.slice()) });
}

/**
 * The bytes of an XGBoost model.
 *
 * @throws FlwrError "invalid-argument" unless there is one array, with the name "0" and of bytes
 */
export function xgbBytes(arrays: ArrayRecord): Uint8Array {
  const tensors = arrays.viewTensors();
  const only = tensors.get(ONLY);
  if (tensors.size === 1 && only?.dtype === "uint8" && only.shape.length === 1) {
    return only.data as Uint8Array;
  }
  const got = [...tensors].slice(0, 3).map(([name, { dtype, shape }]) =>
    `"${name}" (${dtype}, [${shape}])`
  );
  throw new FlwrError(
    "invalid-argument",
    `An XGBoost model is one array "0" of uint8: got ${got.join(", ") || "none"}`,
  );
}

/** A global model to which nodes' models are joined. */
export interface JoinedModel {
  /** Adds a node's model. @throws FlwrError to reject the node's reply, which then changes nothing */
  add(own: Uint8Array): void;
  /** The new global model. */
  finish(): Uint8Array;
}

/** Base class of the strategies for XGBoost. Models are bytes, of any length. */
export abstract class FedXgb extends FedAvg {
  /** Largest accepted size of a model, in bytes. */
  protected readonly maxModelBytes: number;

  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor({ maxModelBytes = MAX_MODEL_BYTES, ...options }: FedXgbOptions) {
    super(options);
    checkCount("maxModelBytes", maxModelBytes, 1);
    this.maxModelBytes = maxModelBytes;
  }

  /** The empty model. Nodes train their first trees from it. */
  override initialArrays(): Promise<{ arrays: ArrayRecord }> {
    return Promise.resolve({ arrays: xgbArrays() });
  }

  /** Sends each chosen node the model. @throws FlwrError "invalid-argument" when it is not a model of XGBoost */
  override configureTrain(round: Round): Promise<PhasePlan> {
    xgbBytes(round.arrays);
    return super.configureTrain(round);
  }

  /**
   * Builds the new model from the nodes' models, in ascending order of node id. An invalid model is a failure of its
   * node.
   */
  override aggregateTrain(round: Round, replies: readonly Message[]): TrainOutcome {
    const { weightedByKey, maxNumExamples, acceptFailures, trainMetricsAggrFn } = this.options;
    const used: CheckedReply[] = [];
    const failures: Failure[] = [];
    const models: { readonly checked: CheckedReply; readonly own: Uint8Array }[] = [];
    const inNodeOrder = [...replies].sort((a, b) =>
      a.metadata.srcNodeId < b.metadata.srcNodeId ? -1 : 1
    );
    const orReject = (nodeId: NodeId, use: () => void) => {
      try {
        use();
      } catch (error) {
        if (!(error instanceof FlwrError)) throw error;
        failures.push({ nodeId, reason: `Reply rejected: ${error.message}` });
      }
    };
    for (const reply of inNodeOrder) {
      const nodeId = reply.metadata.srcNodeId;
      if (reply.error !== undefined) {
        failures.push({ nodeId, ...reply.error });
        continue;
      }
      orReject(nodeId, () => {
        const checked = checkReply(reply, { weightedByKey, maxNumExamples });
        models.push({ checked, own: this.#modelOf(checked) });
      });
    }
    const joined = this.joinTo(xgbBytes(round.arrays), models.map(({ own }) => own));
    for (const { checked, own } of models) {
      orReject(checked.nodeId, () => {
        joined.add(own);
        used.push(checked);
      });
    }
    const all = inOrder(failures);
    const results = used.map(({ nodeId }) => nodeId);
    if (used.length === 0 || all.length > 0 && !acceptFailures) {
      return { results, failures: all, aggregated: false };
    }
    const metrics = trainMetricsAggrFn(used, weightedByKey);
    return {
      results,
      failures: all,
      aggregated: true,
      metrics,
      arrays: xgbArrays(joined.finish()),
    };
  }

  /**
   * Starts to join nodes' models to the global model.
   *
   * @param global the global model, without bytes at the start
   * @param owns the nodes' models, unread, in the order in which they are added
   */
  protected abstract joinTo(global: Uint8Array, owns: readonly Uint8Array[]): JoinedModel;

  /** Checks the values of a model's leaves. @throws FlwrError "invalid-argument" when their norm is too large */
  protected requireNorm(norm: number): void {
    const { maxUpdateNorm } = this.options;
    if (norm <= maxUpdateNorm) return;
    throw new FlwrError(
      "invalid-argument",
      `its leaves have norm ${formatNorm(norm)}, at most ${
        formatNorm(maxUpdateNorm)
      } is accepted ` +
        "(maxUpdateNorm)",
    );
  }

  /** Checks the size of a model. @throws FlwrError "invalid-argument" when it is too large */
  protected requireSize(length: number, what: string): void {
    if (length <= this.maxModelBytes) return;
    throw new FlwrError(
      "invalid-argument",
      `${what} has ${length} bytes, at most ${this.maxModelBytes} are accepted (maxModelBytes)`,
    );
  }

  #modelOf({ content }: CheckedReply): Uint8Array {
    const records = [...content.arrayRecords.values()];
    if (records.length !== 1) {
      throw new FlwrError("invalid-argument", `expected 1 ArrayRecord, got ${records.length}`);
    }
    const bytes = xgbBytes(records[0]!);
    this.requireSize(bytes.length, "XGBoost model");
    if (bytes.length === 0) throw new FlwrError("invalid-argument", "XGBoost model is empty");
    return bytes;
  }
}
