import assert from "node:assert/strict";
import { status as Status } from "@grpc/grpc-js";
import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { errorCodeOf, statusOf } from "./status.ts";

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

Deno.test("status: an error's code and message survive the wire", () => {
  for (const code of CODES) {
    const { code: status, details } = statusOf(new FlwrError(code, "Access denied"));
    assert.equal(errorCodeOf(status), code);
    assert.equal(details, "Access denied");
  }
});

Deno.test("status: internal errors are hidden from the peer", () => {
  const secret = new Error("/etc/flwr/server.key");
  for (const error of [secret, FlwrError.from(secret), "text", undefined]) {
    assert.deepEqual(statusOf(error), { code: Status.INTERNAL, details: "Internal error" });
  }
});

Deno.test("every gRPC status has a code", () => {
  assert.equal(errorCodeOf(Status.UNKNOWN), "internal");
  assert.equal(errorCodeOf(Status.ABORTED), "unavailable");
  assert.equal(errorCodeOf(Status.OUT_OF_RANGE), "invalid-argument");
  assert.equal(errorCodeOf(99), "internal");
});
