import { checkOptionNames } from "../../base/option_names.ts";
import { CryptoEntropy, type Entropy } from "../../privacy/noise/entropy.ts";
import { outOfRange } from "../../privacy/accounting/release.ts";
import { firstNotFinite } from "../../tensor/first_not_finite.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { ConfigRecord } from "../config_record.ts";
import { addUpdate, updateOf } from "../privacy/model_update.ts";
import { RecordDict } from "../record_dict.ts";
import type { Postprocessor } from "../strategy/postprocessor/postprocessor.ts";
import type { Tensors } from "../strategy/round/round.ts";
import { type Encoding, encodingMod, onlyRecord, precondition } from "./encoding_mod.ts";
import { checkOrder } from "./order.ts";
import { UPDATE_RECORD } from "./top_k.ts";

/** Record with the grids of a quantised reply. */
const GRIDS_RECORD = "quantized-update";

/** Options of {@link quantized}. */
export interface QuantizedOptions {
  /** Bits of an element, 8 or 16: a quarter or half of float32. */
  readonly bits: 8 | 16;
}

/**
 * Quantised updates: a node sends each element of its update as one of 2^bits numbers between the array's smallest and
 * largest one, rounded up or down at random without bias (Alistarh et al., 2017, arXiv:1610.02132; Suresh et al., 2017,
 * arXiv:1611.00429). With {@link topK} after it, the chosen elements are quantised.
 *
 * @throws FlwrError "invalid-argument" for another number of bits
 */
export function quantized(options: QuantizedOptions): Postprocessor {
  checkOptionNames("quantized", options, { bits: true });
  const { bits } = options;
  if (bits !== 8 && bits !== 16) throw outOfRange("bits", "8 or 16", bits);
  const entropy = new CryptoEntropy();
  return {
    kind: "quantization",
    check: checkOrder,
    clientMod: encodingMod("quantized", (encoding) => encode(encoding, bits, entropy)),
    decode: (content, { sent }) => decode(content, sent, bits),
  };
}

function encode(encoding: Encoding, bits: 8 | 16, entropy: Entropy): void {
  const { sent, name, arrays, content } = encoding;
  const tensors = arrays.viewTensors();
  const isUpdate = content.configRecords.has(UPDATE_RECORD);
  const updates = isUpdate ? undefined : updateOf(sent, tensors);
  const [lows, steps]: [number[], number[]] = [[], []];
  const encoded = new Map<string, Tensor>();
  for (const [array, { dtype, shape, data }] of tensors) {
    if (!isFloat(sent.get(array))) {
      encoded.set(array, { dtype, shape, data } as Tensor);
      continue;
    }
    if (!isUpdate && sent.get(array)?.data.length !== data.length) {
      throw precondition(`Array "${array}" is not one of the model that was sent`);
    }
    const values = updates?.get(array) ?? Float64Array.from(data as ArrayLike<number>);
    const odd = firstNotFinite(values);
    if (odd !== undefined) throw precondition(`Array "${array}" is not finite: element ${odd}`);
    const { low, step, codes } = quantize(values, bits, entropy);
    lows.push(low);
    steps.push(step);
    encoded.set(array, tensor(bits === 8 ? "uint8" : "uint16", shape, codes));
  }
  content.set(name, ArrayRecord.fromTensors(encoded));
  const grids = new ConfigRecord({ bits });
  grids.setTyped("lows", { type: "double[]", value: lows });
  grids.setTyped("steps", { type: "double[]", value: steps });
  content.set(GRIDS_RECORD, grids);
}

function quantize(values: Float64Array, bits: 8 | 16, entropy: Entropy) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (values.length === 0) [low, high] = [0, 0];
  const most = 2 ** bits - 1;
  const step = high / most - low / most;
  const codes = bits === 8 ? new Uint8Array(values.length) : new Uint16Array(values.length);
  if (step > 0) {
    for (let i = 0; i < values.length; i++) {
      const exact = (values[i]! - low) / step;
      const down = Math.floor(exact);
      const up = Number(entropy.next() < (exact - down) * 2 ** 32);
      codes[i] = Math.min(most, down + up);
    }
  }
  return { low, step, codes };
}

function decode(content: RecordDict, sent: Tensors, bits: 8 | 16): RecordDict {
  const grids = content.configRecords.get(GRIDS_RECORD);
  if (grids === undefined) {
    throw precondition("it is not quantised: the node needs the clientMod of quantized");
  }
  const [lows, steps] = [grids.get("lows"), grids.get("steps")].map(numbersOf);
  if (Number(grids.get("bits")) !== bits) throw precondition(`it is not quantised in ${bits} bits`);
  const [name, record] = onlyRecord(content);
  const isUpdate = content.configRecords.has(UPDATE_RECORD);
  const type = bits === 8 ? "uint8" : "uint16";
  const updates = new Map<string, Tensor>();
  let at = 0;
  for (const [array, { dtype, shape, data }] of record.viewTensors()) {
    if (!isFloat(sent.get(array))) {
      updates.set(array, { dtype, shape, data } as Tensor);
      continue;
    }
    if (dtype !== type) throw precondition(`array "${array}" is ${dtype}, expected ${type}`);
    const [low, step] = [lows![at], steps![at++]];
    if (!Number.isFinite(low) || !(step! >= 0 && step! < Infinity)) {
      throw precondition(`array "${array}" has no grid`);
    }
    const values = Float64Array.from(data as Uint8Array, (code) => low! + code * step!);
    updates.set(array, tensor("float64", shape, values));
  }
  if (at !== lows!.length || at !== steps!.length) {
    throw precondition(`it has ${lows!.length} grids of ${at} arrays`);
  }
  const rest = [...content].filter(([key]) => key !== GRIDS_RECORD && key !== name);
  const arrays = isUpdate ? updates : modelOf(sent, updates);
  return new RecordDict([...rest, [name, ArrayRecord.fromTensors(arrays)]]);
}

/** The model sent plus its updates; arrays that were not quantised are parts of the node's model already. */
function modelOf(sent: Tensors, updates: ReadonlyMap<string, Tensor>): Tensors {
  const model = new Map<string, Tensor>();
  for (const [array, update] of updates) {
    const own = sent.get(array);
    if (own === undefined || !isFloat(own)) {
      model.set(array, update);
      continue;
    }
    if (own.data.length !== update.data.length) {
      throw precondition(`array "${array}" is not one of the model that was sent`);
    }
    const one = new Map([[array, own]]);
    const changed = addUpdate(one, new Map([[array, update.data as Float64Array]]));
    model.set(array, changed.get(array)!);
  }
  return model;
}

/** Only arrays that are floating-point in the model are quantised: not counters, nor positions of sparse elements. */
function isFloat(own: Tensor | undefined): boolean {
  return own?.dtype.startsWith("float") ?? false;
}

function numbersOf(value: unknown): readonly number[] {
  if (Array.isArray(value) && value.every((x) => typeof x === "number")) return value;
  throw precondition("its grids are malformed");
}
