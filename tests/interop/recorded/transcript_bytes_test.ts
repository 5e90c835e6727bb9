import assert from "node:assert/strict";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { isNotOffered, transcript } from "./transcript.ts";

/** Their messages have no description here: nobody reads them. */
const NOT_OFFERED = new Set(["/v1/control/create-federation"]);

Deno.test("every recorded request and answer is read, and written again byte for byte", () => {
  const left = new Set<string>();
  for (const { line, path, method, request, status, response } of transcript()) {
    if (isNotOffered(method.input)) {
      left.add(path);
      continue;
    }
    const written = toBinary(method.input, fromBinary(method.input, request));
    assert.equal(written.toHex(), request.toHex(), `request of line ${line}, ${path}`);
    if (status !== 200) continue;
    const answered = toBinary(method.output, fromBinary(method.output, response));
    assert.equal(answered.toHex(), response.toHex(), `answer of line ${line}, ${path}`);
  }
  assert.deepEqual(left, NOT_OFFERED);
});
