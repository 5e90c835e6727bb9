import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { anyCharacter } from "../../base/testing/texts.ts";

/** Values that mean something to the SuperLink that is fuzzed, to be strewn over requests. */
export interface Meaningful {
  readonly numbers: readonly bigint[];
  /** What a field of this name mostly holds: a request about anything else is refused before it is looked at. */
  readonly fields: ReadonlyMap<string, bigint>;
  readonly texts: readonly string[];
  readonly bytes: readonly Uint8Array[];
}

/** No message is nested deeper. */
const MAX_DEPTH = 4;

const U64 = (1n << 64n) - 1n;

/**
 * Requests of the right shape with arbitrary content, as bytes: fields in any order, left out or repeated, with values
 * from the edges and with meaningful ones.
 */
export function structured(desc: DescMessage, meaningful: Meaningful): fc.Arbitrary<Uint8Array> {
  return message(desc, meaningful, MAX_DEPTH);
}

function message(desc: DescMessage, known: Meaningful, depth: number): fc.Arbitrary<Uint8Array> {
  if (desc.fields.length === 0) return fc.constant(new Uint8Array());
  const fields = desc.fields.map((desc) => field(desc, known, depth));
  return fc.array(fc.oneof(...fields), { maxLength: 6 }).map((written) => {
    const writer = new BinaryWriter();
    for (const write of written) write(writer);
    return writer.finish();
  });
}

type Write = (writer: BinaryWriter) => void;

function field(desc: DescField, known: Meaningful, depth: number): fc.Arbitrary<Write> {
  const { number } = desc;
  const delimited = (bytes: Uint8Array): Write => (writer) => {
    writer.tag(number, WireType.LengthDelimited).bytes(bytes);
  };
  if (desc.fieldKind === "map") {
    const value = desc.mapKind === "message" && depth > 0
      ? message(desc.message, known, depth - 1)
      : texts(known).map((text) => new TextEncoder().encode(text));
    return fc.tuple(texts(known), value).map(([key, value]) =>
      delimited(
        new BinaryWriter().tag(1, WireType.LengthDelimited).string(key)
          .tag(2, WireType.LengthDelimited).bytes(value).finish(),
      )
    );
  }
  const inner = desc.message;
  if (inner !== undefined) {
    if (depth === 0) return fc.constant(delimited(new Uint8Array()));
    return message(inner, known, depth - 1).map(delimited);
  }
  switch (desc.scalar) {
    case ScalarType.STRING:
      return texts(known).map((text) => delimited(new TextEncoder().encode(text)));
    case ScalarType.BYTES:
      return fc.oneof(fc.constantFrom(...known.bytes), fc.uint8Array({ maxLength: 64 }))
        .map(delimited);
    case ScalarType.DOUBLE:
      return doubles().map((value) => (writer) => writer.tag(number, WireType.Bit64).double(value));
    case ScalarType.FLOAT:
      return doubles().map((value) => (writer) =>
        writer.tag(number, WireType.Bit32).fixed32(Math.floor(Math.abs(value) % 2 ** 32) || 0)
      );
    default:
      return numbers(known, known.fields.get(desc.localName)).map((value) => (writer) =>
        writer.tag(number, WireType.Varint).uint64(value)
      );
  }
}

function texts({ texts }: Meaningful): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...texts) },
    fc.string({ unit: anyCharacter, maxLength: 80 }),
  );
}

function numbers({ numbers }: Meaningful, likely?: bigint): fc.Arbitrary<bigint> {
  return fc.oneof(
    ...likely === undefined ? [] : [{ weight: 12, arbitrary: fc.constant(likely) }],
    { weight: 3, arbitrary: fc.constantFrom(...numbers, 0n, 1n, U64) },
    fc.bigInt({ min: 0n, max: U64 }),
  );
}

function doubles(): fc.Arbitrary<number> {
  return fc.oneof(fc.constantFrom(0, -1, 30, NaN, Infinity, 1.8e9), fc.double());
}
