import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../base/error.ts";
import {
  type ArrayRecord,
  ArrayRecordSchema,
  type RecordDict,
  type RecordDict_Item,
  RecordDictSchema,
} from "../../proto/gen/current/recorddict_pb.ts";

/** A named record, of any kind. */
export type RecordItem = Pick<RecordDict_Item, "key" | "value">;

/** An array as each generation of the wire has it. */
interface WireArray {
  readonly dtype: string;
  readonly shape: number[];
  readonly stype: string;
  readonly data: Uint8Array;
}

/** Named arrays as wires up to 1.18 have them: names and arrays apart. */
export interface ArrayLists {
  dataKeys: string[];
  dataValues: WireArray[];
}

/**
 * The records of a message whose wire keeps each kind in a map of its own, as up to 1.18. Such a wire may give one name
 * to records of different kinds, which today's cannot say.
 *
 * @throws FlwrError "invalid-argument" for such a name
 */
export function dictOfRecords(items: readonly RecordItem[]): RecordDict {
  const names = new Set<string>();
  for (const { key } of items) {
    if (names.has(key)) {
      throw new FlwrError(
        "invalid-argument",
        `Records of different kinds share the name "${key}"`,
        { hints: ["Give every record of a message its own name"] },
      );
    }
    names.add(key);
  }
  return create(RecordDictSchema, { items: [...items] });
}

/** @throws FlwrError "invalid-argument" for names and arrays that do not pair up */
export function arraysFromLists(name: string, { dataKeys, dataValues }: ArrayLists): ArrayRecord {
  if (dataKeys.length !== dataValues.length) {
    throw new FlwrError(
      "invalid-argument",
      `Record "${name}" has ${dataKeys.length} names for ${dataValues.length} arrays`,
    );
  }
  return create(ArrayRecordSchema, {
    items: dataValues.map(({ dtype, shape, stype, data }, index) => ({
      key: dataKeys[index]!,
      value: { dtype, shape, stype, data },
    })),
  });
}

/** The way back. */
export function arraysToLists({ items }: ArrayRecord): ArrayLists {
  return {
    dataKeys: items.map(({ key }) => key),
    dataValues: items.map(({ value }) => ({
      dtype: value?.dtype ?? "",
      shape: value?.shape ?? [],
      stype: value?.stype ?? "",
      data: value?.data ?? new Uint8Array(),
    })),
  };
}
