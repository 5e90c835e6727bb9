import assert from "node:assert/strict";
import { FlwrError } from "../../../../base/error.ts";
import { ApiError } from "../../../api_error.ts";
import { explainRefusal } from "./refusal.ts";

Deno.test("refusal: a numbered error says what to do, and keeps its number", () => {
  const told = new ApiError("run-not-found", "Run ID not found.");
  const refusal = explainRefusal(told);
  assert.equal(refusal.message, "Run ID not found");
  assert.equal(refusal.code, "not-found");
  assert.deepEqual(refusal.hints, ["List the runs: flwr ls"]);
  assert.equal(refusal.cause, told);
});

Deno.test("refusal: an error without a hint has only the server's message", () => {
  const refusal = explainRefusal(new ApiError("accounts-not-offered", "There are none"));
  assert.deepEqual([refusal.message, refusal.hints], ["There are none", []]);
});

Deno.test("refusal: other errors stay as they are", () => {
  const error = new FlwrError("unavailable", "The server is away.", { hints: ["Wait"] });
  assert.equal(explainRefusal(error), error);
});
