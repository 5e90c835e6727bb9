/** Messages that Flower 1.41's own code made and serialised. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import { file_control } from "../../../proto/gen/current/control_pb.ts";
import { file_fleet } from "../../../proto/gen/current/fleet_pb.ts";
import { file_message } from "../../../proto/gen/current/message_pb.ts";
import { file_recorddict } from "../../../proto/gen/current/recorddict_pb.ts";
import { repositoryPath } from "../../support/repository.ts";

interface Golden {
  readonly name: string;
  /** With its package. */
  readonly type: string;
  readonly b64: string;
}

const GOLDEN: readonly Golden[] = JSON.parse(
  Deno.readTextFileSync(repositoryPath("tests/vectors/flwr-1.41/protobufs.json")),
);

function schema(typeName: string): DescMessage {
  const files = [file_control, file_fleet, file_message, file_recorddict];
  const found = files.flatMap(({ messages }) => messages).find((desc) =>
    desc.typeName === typeName
  );
  assert.ok(found, `a message ${typeName}`);
  return found;
}

for (const { name, type, b64 } of GOLDEN) {
  Deno.test(`Flower 1.41's message "${name}" is read, and written again byte for byte`, () => {
    const bytes = new Uint8Array(Buffer.from(b64, "base64"));
    const desc = schema(type);
    const message = fromBinary(desc, bytes);
    assert.deepEqual(message.$unknown, undefined);
    assert.equal(toBinary(desc, message).toHex(), bytes.toHex());
  });
}
