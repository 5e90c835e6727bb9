import assert from "node:assert/strict";
import { status } from "@grpc/grpc-js";

/** A gRPC status by its name in the specification. */
export type StatusName = keyof typeof status;

/** Asserts that a call ends with one of the given statuses, and with nothing else. */
export async function assertRefused(
  call: Promise<unknown>,
  ...statuses: StatusName[]
): Promise<void> {
  const outcome = await call.then(
    () => "OK",
    (error: { code?: number }) => status[error.code ?? status.UNKNOWN] ?? String(error),
  );
  assert.ok(
    (statuses as string[]).includes(outcome),
    `the call ends with ${statuses.join(" or ")}: it ended with ${outcome}`,
  );
}
