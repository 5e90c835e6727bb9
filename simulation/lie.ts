import { ArrayRecord } from "../app/array_record.ts";
import type { Message } from "../app/message.ts";
import { isArrayRecord, RecordDict } from "../app/record_dict.ts";
import { NdArray } from "../app/nd_array.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** The types of the arrays that change. */
type FloatTensor = Tensor<"float16" | "float32" | "float64">;

/**
 * The reply of a node that lies: the opposite of what it learnt, which is the attack "sign flipping" (Li et al.,
 * RSA, AAAI 2019). Each array `r` of the reply becomes `2a - r`, where `a` is the array with the same name in
 * the instruction's record of the same name. Without such an array it becomes `-r`. So the shapes and the size of the
 * update stay the same.
 *
 * Only arrays of floats change. Metrics, integers and errors stay unchanged.
 */
export function lie(reply: Message, instruction: Message): Message {
  if (!reply.hasContent) return reply;
  return reply.withContent(
    new RecordDict(
      [...reply.content].map(([name, record]) => {
        if (!isArrayRecord(record)) return [name, record] as const;
        const sent = instruction.content.get(name);
        const start = sent !== undefined && isArrayRecord(sent) ? sent : new ArrayRecord();
        return [name, flipped(record, start)] as const;
      }),
    ),
  );
}

function flipped(record: ArrayRecord, start: ArrayRecord): ArrayRecord {
  return new ArrayRecord(
    [...record].map(([name, array]) => {
      const learnt = viewOf(array);
      if (learnt === undefined) return [name, array] as const;
      const from = start.get(name);
      const before = from && viewOf(from);
      return [name, NdArray.fromTensor(opposite(learnt, before))] as const;
    }),
  );
}

/** The tensor of an array of floats. Undefined for another array, or one that cannot be read. */
function viewOf(array: NdArray): FloatTensor | undefined {
  try {
    const tensor = array.viewTensor();
    return tensor.dtype.startsWith("float") ? tensor as FloatTensor : undefined;
  } catch {
    return undefined;
  }
}

function opposite(learnt: FloatTensor, before: FloatTensor | undefined): FloatTensor {
  const data = learnt.data.slice();
  const start = before?.data.length === data.length ? before.data : undefined;
  for (let i = 0; i < data.length; i++) {
    data[i] = start === undefined ? -data[i]! : 2 * start[i]! - data[i]!;
  }
  return { ...learnt, data };
}
