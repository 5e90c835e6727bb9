import { MAX_BATCH_BYTES, MAX_WAITING_LOG_CHARS, MIN_LINE_CHARS } from "./thread/line_log.ts";
import { FlwrError } from "../../../base/error.ts";
import { FURTHER_LINE, isRunLogLine } from "../../../base/run_log_lines.ts";
import { choiceOf, fieldsOf, integerOf, listOf, textOf } from "../../../base/untrusted.ts";
import type { FromWorker } from "./thread/worker_protocol.ts";

/** Longest text of an app that is taken: a line of its log, a sentence of its error, in characters. */
export const MAX_LINE_LENGTH = 64 * 1024;
export const MAX_SENTENCE_LENGTH = 8192;
export const MAX_HINTS = 8;
const MAX_HINT_LENGTH = 1024;

/** Most lines of log that come together. */
export const MAX_LINES_PER_BATCH: number = Math.ceil(MAX_WAITING_LOG_CHARS / MIN_LINE_CHARS) + 1;

const KINDS = ["ready", "lines", "completed", "failed", "crashed", "call", "cancel"] as const;

/**
 * Reads what an app's process says.
 *
 * @param omitted bytes of it that were not kept: it is too large
 * @throws FlwrError "invalid-argument" that names what is wrong
 */
export function checkSaid(value: unknown, omitted = 0): FromWorker {
  const said = fieldsOf(value, "What the app says");
  const kind = choiceOf(said["kind"], "Its kind", KINDS);
  if (omitted > 0) {
    if (kind === "call") return { kind: "large-call", id: callId(said["id"]), bytes: omitted };
    throw new FlwrError("invalid-argument", `What the app says has ${omitted} bytes too many`);
  }
  switch (kind) {
    case "ready":
      return { kind };
    case "completed":
      return { kind, details: sentence(said["details"]) };
    case "lines":
      return { kind, lines: linesOf(said["text"]) };
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

/**
 * Lines with their ends. Longer ones are cut. One that does not begin as a line of a run's log does is indented: at the
 * margin are only lines of the SuperLink.
 */
function linesOf(value: unknown): string[] {
  if (!(value instanceof Uint8Array) || value.length > MAX_BATCH_BYTES) {
    throw new FlwrError("invalid-argument", `Lines are not at most ${MAX_BATCH_BYTES} bytes`);
  }
  const lines = new TextDecoder().decode(value).split("\n", MAX_LINES_PER_BATCH + 1);
  if (lines.length > MAX_LINES_PER_BATCH) {
    throw new FlwrError("invalid-argument", `There are more than ${MAX_LINES_PER_BATCH} lines`);
  }
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => {
    const begun = line === "" || isRunLogLine(line) ? line : FURTHER_LINE + line;
    return begun.length <= MAX_LINE_LENGTH ? `${begun}\n` : `${begun.slice(0, MAX_LINE_LENGTH)}…\n`;
  });
}

function sentence(value: unknown): string {
  if (typeof value !== "string") return textOf(value, "Sentence", MAX_SENTENCE_LENGTH);
  return value.slice(0, MAX_SENTENCE_LENGTH);
}

function hints(value: unknown): string[] {
  return listOf(value, "Hints", MAX_HINTS).map((hint) => sentence(hint).slice(0, MAX_HINT_LENGTH));
}

function callId(value: unknown): number {
  return integerOf(value, "Id of a call", 1, Number.MAX_SAFE_INTEGER);
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw new FlwrError("invalid-argument", "A call has no bytes");
}
