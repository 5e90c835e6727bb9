import assert from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";
import { testWithAllRights } from "../base/testing/all_rights.ts";
import { staleFiles } from "./proto.ts";
import { onnxTables } from "./proto/onnx_tables.ts";

testWithAllRights(
  "the generated code is that of the .proto files",
  async () => assert.deepEqual(await staleFiles(), [], "generate it: deno task proto"),
);

Deno.test("a message of ONNX with an unknown type, or a missing one, is refused", () => {
  const compiled = (type: Type) =>
    toBinary(
      FileDescriptorSetSchema,
      create(FileDescriptorSetSchema, {
        file: [create(FileDescriptorProtoSchema, {
          messageType: [{
            name: "StringStringEntryProto",
            field: [{ name: "key", number: 1, type }],
          }],
        })],
      }),
    );
  assert.throws(() => onnxTables(compiled(Type.FIXED32)), /StringStringEntryProto\.key.*FIXED32/);
  assert.throws(() => onnxTables(compiled(Type.STRING)), /has no OperatorSetIdProto/);
});
