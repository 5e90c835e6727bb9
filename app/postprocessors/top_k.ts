import { checkOptionNames, type OptionNames } from "../../base/option_names.ts";
import { checkNumber } from "../../base/check_option.ts";
import { firstNotFinite } from "../../tensor/first_not_finite.ts";
import { outOfRange } from "../../privacy/accounting/release.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { ConfigRecord } from "../config_record.ts";
import { sameShape } from "../nd_array.ts";
import { addUpdate, checkFloats, updateOf } from "../privacy/model_update.ts";
import { isArrayRecord, RecordDict } from "../record_dict.ts";
import type { Postprocessor } from "../strategy/postprocessor/postprocessor.ts";
import type { Tensors } from "../strategy/round/round.ts";
import { type Encoding, encodingMod, onlyRecord, precondition } from "./encoding_mod.ts";
import { checkOrder } from "./order.ts";

/** Record of a reply whose arrays are updates, and not a model. */
export const UPDATE_RECORD = "sparse-update";

/** Record of a node's state. */
const REST_RECORD = "sparse-update-rest";

/** What is appended to an array's name for the positions of its elements. */
const INDICES = ".indices";

/** Options of {@link topK}. */
export interface TopKOptions {
  /** Share of the update's elements that is sent, above 0 and at most 1: those of the largest absolute value. */
  readonly fraction: number;
  /**
   * Whether a node keeps what it does not send, and adds it to its next update (default true). The rest is kept in the
   * node's state, as long as the run lasts.
   */
  readonly errorFeedback?: boolean;
}

const TOP_K_NAMES: OptionNames<TopKOptions> = { fraction: true, errorFeedback: true };

/**
 * Sparse updates: a node sends only the largest elements of its update, over all arrays together (Aji and Heafield,
 * 2017, arXiv:1704.05021). With error feedback, what was not sent is added to the next update (Stich, Cordonnier,
 * Jaggi, 2018, arXiv:1809.07599). What was sent in a reply that did not arrive is lost.
 *
 * @throws FlwrError "invalid-argument" if the fraction is out of range
 *
 * @example
 * ```ts
 * const postprocessors = [quantized({ bits: 8 }), topK({ fraction: 0.01 })];
 * new ComposedStrategy({ postprocessors });
 * new ClientApp().train(train, { mods: clientMods(postprocessors) });
 * ```
 */
export function topK(options: TopKOptions): Postprocessor {
  checkOptionNames("topK", options, TOP_K_NAMES);
  const { fraction, errorFeedback = true } = options;
  checkNumber("fraction", fraction, 0, 1);
  if (fraction === 0) throw outOfRange("fraction", "above 0 and at most 1", fraction);
  return {
    kind: "sparsification",
    check: checkOrder,
    clientMod: encodingMod("topK", (encoding) => encode(encoding, fraction, errorFeedback)),
    decode: (content, { sent }) => decode(content, sent),
  };
}

function encode(encoding: Encoding, fraction: number, errorFeedback: boolean): void {
  const { sent, name, arrays, content, context: { state } } = encoding;
  const trained = arrays.viewTensors();
  checkTrained(sent, trained);
  const update = updateOf(sent, trained);
  const rest = errorFeedback ? state.get(REST_RECORD) : undefined;
  if (rest !== undefined && isArrayRecord(rest)) addRest(update, rest.viewTensors());
  const chosen = largest([...update.values()], fraction);
  const sparse: [string, Tensor][] = [];
  const left = new Map<string, Tensor>();
  let at = 0;
  for (const [array, values] of update) {
    const indices = chosen[at++]!;
    const { dtype } = trained.get(array)!;
    const type = dtype === "float64" ? "float64" : "float32";
    const sending = tensor(
      type,
      [indices.length],
      type === "float64" ? new Float64Array(indices.length) : new Float32Array(indices.length),
    );
    indices.forEach((index, i) => {
      sending.data[i] = values[index]!;
      // The rounding error is sent later, too.
      values[index]! -= Number(sending.data[i]!);
    });
    sparse.push([array, sending], [array + INDICES, tensor("uint32", [indices.length], indices)]);
    left.set(array, tensor("float64", [values.length], values));
  }
  const names = sparse.map(([array]) => array);
  const twice = names.find((array, i) => names.indexOf(array) !== i);
  if (twice !== undefined) throw precondition(`The model has an array "${twice}"`);
  content.set(name, ArrayRecord.fromTensors(new Map(sparse)));
  content.set(UPDATE_RECORD, new ConfigRecord({ arrays: left.size }));
  if (errorFeedback) state.set(REST_RECORD, ArrayRecord.fromTensors(left));
}

function checkTrained(sent: Tensors, trained: Tensors): void {
  checkFloats(trained);
  for (const [array, { shape, data }] of trained) {
    if (!sent.has(array) || !sameShape(shape, sent.get(array)!.shape)) {
      throw precondition(`Array "${array}" is not one of the model that was sent`);
    }
    const odd = firstNotFinite(data);
    if (odd !== undefined) throw precondition(`Array "${array}" is not finite: element ${odd}`);
  }
  const missing = [...sent.keys()].find((array) => !trained.has(array));
  if (missing !== undefined) throw precondition(`Array "${missing}" is missing`);
}

/** Adds what earlier updates left out, except where an array has another length now, as after a change of the model. */
function addRest(update: ReadonlyMap<string, Float64Array>, rest: Tensors): void {
  for (const [array, values] of update) {
    const late = rest.get(array)?.data;
    if (late?.length !== values.length) continue;
    for (let i = 0; i < values.length; i++) values[i]! += Number(late[i]!);
  }
}

/** The positions of the largest elements, ascending, for each array. At least one of all is chosen. */
function largest(arrays: readonly Float64Array[], fraction: number): Uint32Array<ArrayBuffer>[] {
  const total = arrays.reduce((sum, { length }) => sum + length, 0);
  const sizes = new Float64Array(total);
  let at = 0;
  for (const values of arrays) {
    for (let i = 0; i < values.length; i++) sizes[at++] = Math.abs(values[i]!);
  }
  const count = Math.min(total, Math.max(1, Math.ceil(fraction * total)));
  const limit = sizes.sort()[total - count] ?? 0;
  // Of elements that are as large as the limit, the first ones are chosen.
  let equal = count - sizes.reduce((above, size) => above + Number(size > limit), 0);
  return arrays.map((values) => {
    const chosen: number[] = [];
    for (let i = 0; i < values.length; i++) {
      const size = Math.abs(values[i]!);
      if (size > limit || size === limit && equal-- > 0) chosen.push(i);
    }
    return Uint32Array.from(chosen);
  });
}

function decode(content: RecordDict, sent: Tensors): RecordDict {
  if (!content.configRecords.has(UPDATE_RECORD)) {
    throw precondition("it is not a sparse update: the node needs topK's clientMod");
  }
  const [name, record] = onlyRecord(content);
  const arrays = record.viewTensors();
  if (arrays.size !== 2 * sent.size) {
    throw precondition(`it has ${arrays.size} arrays, expected values and indices of ${sent.size}`);
  }
  const update = new Map<string, Float64Array>();
  for (const [array, { data }] of sent) {
    const [values, indices] = [arrays.get(array), arrays.get(array + INDICES)];
    if (values === undefined || indices === undefined) {
      throw precondition(`array "${array}" has no values or no indices`);
    }
    const isSparse = indices.data instanceof Uint32Array && values.dtype.startsWith("float") &&
      indices.data.length === values.data.length;
    if (!isSparse) throw precondition(`array "${array}" is not sparse`);
    const dense = new Float64Array(data.length);
    let before = -1;
    for (let i = 0; i < indices.data.length; i++) {
      const index = Number(indices.data[i]!);
      if (index <= before || index >= dense.length) {
        throw precondition(`array "${array}" has an index ${index} after ${before}`);
      }
      dense[index] = Number(values.data[i]!);
      before = index;
    }
    update.set(array, dense);
  }
  checkFloats(sent);
  const model = ArrayRecord.fromTensors(addUpdate(sent, update));
  const decoded = [...content].filter(([key]) => key !== UPDATE_RECORD && key !== name);
  return new RecordDict([...decoded, [name, model]]);
}
