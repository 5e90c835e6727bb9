import assert from "node:assert/strict";
import type { DescField, DescMessage, DescService } from "@bufbuild/protobuf";
import fc from "fast-check";
import { FlwrError } from "../../base/error.ts";
import { Fleet } from "../../proto/gen/current/fleet_pb.ts";
import { Runtime } from "../../proto/gen/current/runtime_pb.ts";
import { Fleet as OlderFleet } from "../../proto/gen/flwr-1.15/fleet_pb.ts";
import { Driver } from "../../proto/gen/flwr-1.9/driver_pb.ts";
import { Fleet as LegacyFleet } from "../../proto/gen/flwr-1.9/fleet_pb.ts";
import { decode, encode } from "../codec.ts";
import { writeVarint } from "./varint.ts";
import { weigh } from "./weigh.ts";
import { WireType } from "./records.ts";
import { doubles } from "../../base/testing/doubles.ts";

const COUNT = 1000;
const request = Fleet.method.pushMessages.input;
const malformed = (error: unknown) =>
  error instanceof FlwrError && error.code === "invalid-argument";

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function field(number: number, wireType: number, ...payload: Uint8Array[]): Uint8Array {
  return joined(writeVarint(number << 3 | wireType), ...payload);
}

function lengthDelimited(number: number, payload: Uint8Array): Uint8Array {
  return field(number, WireType.Bytes, writeVarint(payload.length), payload);
}

/** Encodes a field repeatedly, each time as short as possible, with one of its possible wire types. */
function emptyFields({ number }: DescField): Uint8Array[] {
  return [
    lengthDelimited(number, new Uint8Array()),
    field(number, WireType.Varint, Uint8Array.of(1)),
    field(number, WireType.Fixed64, new Uint8Array(8)),
    field(number, WireType.Fixed32, new Uint8Array(4)),
  ].map((one) => joined(...Array.from({ length: COUNT }, () => one)));
}

/** Every field of every message in a request, with a function that wraps the message's bytes into the request. */
function* fieldsIn(
  message: DescMessage,
  wrap: (bytes: Uint8Array) => Uint8Array,
  seen: Set<DescMessage>,
): Generator<[DescField, (bytes: Uint8Array) => Uint8Array]> {
  if (seen.has(message)) return;
  seen.add(message);
  for (const one of message.fields) {
    yield [one, wrap];
    if (one.fieldKind === "map" || one.message === undefined) continue;
    yield* fieldsIn(one.message, (bytes) => wrap(lengthDelimited(one.number, bytes)), seen);
  }
}

const SERVICES: readonly DescService[] = [Fleet, Runtime, OlderFleet, LegacyFleet, Driver];

Deno.test("weigh: every field of every message of every request has a cost", () => {
  const inputs = new Set(SERVICES.flatMap(({ methods }) => methods.map(({ input }) => input)));
  for (const input of inputs) {
    for (const [one, wrap] of fieldsIn(input, (bytes) => bytes, new Set())) {
      const costs = emptyFields(one).map((bytes) => {
        try {
          return weigh(input, wrap(bytes), Infinity);
        } catch (error) {
          assert.ok(malformed(error));
          return undefined;
        }
      });
      const known = costs.filter((cost) => cost !== undefined);
      assert.ok(known.length > 0, `${one}`);
      for (const cost of known) assert.ok(cost >= COUNT, `${one}: ${cost}`);
    }
  }
});

Deno.test("weigh: unknown fields and groups have a cost too", () => {
  for (
    const one of [
      lengthDelimited(900, new Uint8Array()),
      joined(field(900, WireType.Start), field(900, WireType.End)),
      // Content of a group is not a field of the message.
      joined(field(900, WireType.Start), lengthDelimited(2, Uint8Array.of(255)), field(900, 4)),
    ]
  ) {
    const many = joined(...Array.from({ length: COUNT }, () => one));
    assert.ok(weigh(request, many, Infinity) >= COUNT);
    decode(request, many);
  }
});

Deno.test("weigh: large bytes cost one field, each number in a list a part of one", () => {
  const { pushObject } = Fleet.method;
  const object = encode(pushObject.input, { objectContent: new Uint8Array(10_000_000) });
  assert.ok(weigh(pushObject.input, object, 10) < 10);
  const { pushTaskRes } = LegacyFleet.method;
  const metrics = (vals: number[]) =>
    encode(pushTaskRes.input, {
      taskResList: [{
        task: {
          recordset: {
            metrics: { a: { data: { m: { value: { case: "doubleList", value: { vals } } } } } },
          },
        },
      }],
    });
  const few = weigh(pushTaskRes.input, metrics([]), Infinity);
  const many = weigh(pushTaskRes.input, metrics(Array(16_000).fill(1)), Infinity);
  assert.ok(many - few >= 1000 && many < 2000, `${few}, ${many}`);
});

Deno.test("weigh: counting stops at the limit", () => {
  const one = lengthDelimited(3, new Uint8Array());
  const fields = joined(...Array.from({ length: COUNT }, () => one));
  // Nothing is read beyond the limit.
  const units = weigh(request, joined(fields, Uint8Array.of(0)), COUNT);
  assert.ok(units > COUNT && units < COUNT + 5);
  assert.throws(() => weigh(request, joined(fields, Uint8Array.of(0)), Infinity), malformed);
});

Deno.test("weigh: encodings that the decoder would read differently are refused", () => {
  const tree = lengthDelimited(3, new Uint8Array());
  const wrong: Readonly<Record<string, Uint8Array>> = {
    "a message as a number": field(3, WireType.Varint, Uint8Array.of(1)),
    "a message as eight bytes": field(3, WireType.Fixed64, new Uint8Array(8)),
    "a message that ends behind the one around it": joined(
      lengthDelimited(3, Uint8Array.of(2 << 3 | 2, 100)),
      new Uint8Array(100),
    ),
    "a message of which a part is missing": tree.subarray(0, 1),
    "a group that does not end": field(900, WireType.Start),
    "the end of no group": field(900, WireType.End),
  };
  for (const [what, bytes] of Object.entries(wrong)) {
    assert.throws(() => weigh(request, bytes, Infinity), malformed, what);
  }
});

Deno.test("weigh: every encoded message can be counted, and costs at most one unit per byte", () => {
  const seed = crypto.getRandomValues(new Int32Array(1))[0]!;
  console.log(`seed ${seed}`);
  const text = fc.string({ maxLength: 80 });
  const tree = fc.record({
    objectId: text,
    children: fc.array(fc.record({ objectId: text }), { maxLength: 5 }),
  });
  const pushed = fc.record({
    messagesList: fc.array(
      fc.record({
        metadata: fc.record({ runId: fc.bigInt(0n, 2n ** 64n - 1n), ttl: doubles }),
      }),
      { maxLength: 5 },
    ),
    messageObjectTrees: fc.array(tree, { maxLength: 5 }),
    clientappRuntimeList: fc.array(doubles, { maxLength: 20 }),
  });
  fc.assert(
    fc.property(pushed, (init) => {
      const bytes = encode(request, init);
      assert.ok(weigh(request, bytes, Infinity) <= bytes.length);
    }),
    { seed },
  );
});
