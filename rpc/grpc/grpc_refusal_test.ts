import assert from "node:assert/strict";
import { ApiError } from "../api_error.ts";
import { readRefusal, refusalDetails } from "./grpc_refusal.ts";
import { statusOf } from "./status.ts";

Deno.test("a numbered error keeps its number over gRPC", () => {
  const { details } = statusOf(new ApiError("activation-refused", "The node is online"));
  const told = readRefusal(details)!;
  assert.equal(told.api, "activation-refused");
  assert.equal(told.code, "failed-precondition");
  assert.equal(told.message, "The node is online");
});

Deno.test("Flower's own form is parsed, anything else stays plain text", () => {
  const flower = '{"code": 2004, "public_message": "Failed.", "public_details": "It is online."}';
  assert.equal(readRefusal(flower)?.message, "Failed. It is online.");
  const others = [
    "Access denied",
    "{not JSON",
    "{}",
    '{"code": 2004}',
    '{"code": 987654, "public_message": "Unheard of"}',
    refusalDetails(new ApiError("internal", "x")).slice(0, -1),
  ];
  for (const words of others) assert.equal(readRefusal(words), undefined, words);
});
