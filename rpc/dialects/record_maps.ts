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

/** The fields of an array, which are the same in every Flower version. */
interface WireArray {
  readonly dtype: string;
  readonly shape: number[];
  readonly stype: string;
  readonly data: Uint8Array;
}

/** Named arrays as Flower up to 1.18 sends them: names and arrays in separate lists. */
export interface ArrayLists {
  dataKeys: string[];
  dataValues: WireArray[];
}

/**
 * Converts the records of a message from Flower up to 1.18, which keeps each kind in its own map. There, records of
 * different kinds may share a name, which later versions do not allow.
 *
 * @throws FlwrError "invalid-argument" for a shared name
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

/** Pairs names and arrays. @throws FlwrError "invalid-argument" if their numbers differ */
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

/** Splits an ArrayRecord into names and arrays: the inverse of {@link arraysFromLists}. */
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
