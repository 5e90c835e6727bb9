import { FlwrError } from "../../../base/error.ts";
import { choiceOf, fieldsOf, integerOf, listOf, textOf } from "../../../base/untrusted.ts";
import { MAX_HINTS, MAX_LINE_LENGTH, MAX_LINES_PER_BATCH, MAX_SENTENCE_LENGTH } from "./limits.ts";
import type { FromWorker } from "./worker_protocol.ts";

const KINDS = ["ready", "lines", "completed", "failed", "crashed", "call", "cancel"] as const;

/**
 * Reads what an app's process says.
 *
 * @throws FlwrError "invalid-argument" that names what is wrong
 */
export function checkSaid(value: unknown): FromWorker {
  const said = fieldsOf(value, "What the app says");
  const kind = choiceOf(said["kind"], "Its kind", KINDS);
  switch (kind) {
    case "ready":
      return { kind };
    case "completed":
      return { kind, details: sentence(said["details"]) };
    case "lines":
      return { kind, lines: listOf(said["lines"], "Lines", MAX_LINES_PER_BATCH).map(line) };
    case "failed":
      return { kind, message: sentence(said["message"]), hints: hints(said["hints"]) };
    case "crashed":
      return { kind, reason: sentence(said["reason"]) };
    case "call":
      return {
        kind,
        id: callId(said["id"]),
        method: textOf(said["method"], "Method", MAX_SENTENCE_LENGTH),
        bytes: bytesOf(said["bytes"]),
      };
    case "cancel":
      return { kind, id: callId(said["id"]) };
  }
}

/** A line with its end. A longer one is cut. */
function line(value: unknown): string {
  if (typeof value !== "string") return textOf(value, "Line", MAX_LINE_LENGTH);
  return value.length <= MAX_LINE_LENGTH ? value : `${value.slice(0, MAX_LINE_LENGTH)}…\n`;
}

function sentence(value: unknown): string {
  if (typeof value !== "string") return textOf(value, "Sentence", MAX_SENTENCE_LENGTH);
  return value.slice(0, MAX_SENTENCE_LENGTH);
}

function hints(value: unknown): string[] {
  return listOf(value, "Hints", MAX_HINTS).map(sentence);
}

function callId(value: unknown): number {
  return integerOf(value, "Id of a call", 1, Number.MAX_SAFE_INTEGER);
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new FlwrError("invalid-argument", "A call has no bytes");
}
