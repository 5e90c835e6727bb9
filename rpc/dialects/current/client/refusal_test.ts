import assert from "node:assert/strict";
import { FlwrError } from "../../../../base/error.ts";
import { ApiError } from "../../../api_error.ts";
import { explainRefusal } from "./refusal.ts";

Deno.test("refusal: a numbered error says what to do", () => {
  const refusal = explainRefusal(new ApiError("run-not-found", "Run 9 does not exist"));
  assert.equal(refusal.message, "Run 9 does not exist");
  assert.equal(refusal.code, "not-found");
  assert.deepEqual(refusal.hints, ["List the runs that there are: flwr ls"]);
});

Deno.test("refusal: what Flower's gRPC servers write is read", () => {
  const details = '{"code": 45, "public_message": "Invalid location.", "public_details": "Odd."}';
  const refusal = explainRefusal(new FlwrError("invalid-argument", details));
  assert.equal(refusal.message, "Invalid location. Odd");
  assert.equal(refusal.hints.length, 1);
});

Deno.test("refusal: other errors stay as they are", () => {
  for (const text of ["The server is away", "{not json", '{"code": "16"}', "{}"]) {
    const error = new FlwrError("unavailable", text, { hints: ["Wait"] });
    assert.equal(explainRefusal(error), error);
  }
});
