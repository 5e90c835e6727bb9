import assert from "node:assert/strict";
import { status as Status } from "@grpc/grpc-js";
import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { codeOf, statusOf } from "./status.ts";

const CODES: ErrorCode[] = [
  "invalid-argument",
  "failed-precondition",
  "not-found",
  "already-exists",
  "unauthenticated",
  "permission-denied",
  "resource-exhausted",
  "unavailable",
  "deadline-exceeded",
  "cancelled",
  "unimplemented",
  "data-loss",
];

Deno.test("an error's code and sentence survive the wire", () => {
  for (const code of CODES) {
    const { code: status, details } = statusOf(new FlwrError(code, "Access denied"));
    assert.equal(codeOf(status), code);
    assert.equal(details, "Access denied");
  }
});

Deno.test("what is our own fault is not told to the peer", () => {
  const secret = new Error("/etc/flwr/server.key");
  for (const error of [secret, FlwrError.from(secret), "text", undefined]) {
    assert.deepEqual(statusOf(error), { code: Status.INTERNAL, details: "Internal error" });
  }
});

Deno.test("every gRPC status has a code", () => {
  assert.equal(codeOf(Status.UNKNOWN), "internal");
  assert.equal(codeOf(Status.ABORTED), "unavailable");
  assert.equal(codeOf(Status.OUT_OF_RANGE), "invalid-argument");
  assert.equal(codeOf(99), "internal");
});
