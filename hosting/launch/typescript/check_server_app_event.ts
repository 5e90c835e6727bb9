import { MAX_BATCH_BYTES, MAX_WAITING_LOG_CHARS, MIN_LINE_CHARS } from "./thread/line_log.ts";
import { FlwrError } from "../../../base/error.ts";
import { FURTHER_LINE, isRunLogLine } from "../../../base/run_log_lines.ts";
import { choiceOf, fieldsOf, integerOf, listOf, textOf } from "../../../base/untrusted.ts";
import type { ServerAppEvent } from "./thread/worker_protocol.ts";

/** Longest line of an app's log, in characters. The rest is cut. */
export const MAX_LINE_LENGTH = 64 * 1024;
/** Longest error text of an app, in characters. The rest is cut. */
export const MAX_SENTENCE_LENGTH = 8192;
export const MAX_HINTS = 8;
const MAX_HINT_LENGTH = 1024;

/** Most lines of log in one batch. */
export const MAX_LINES_PER_BATCH: number = Math.ceil(MAX_WAITING_LOG_CHARS / MIN_LINE_CHARS) + 1;

const KINDS = ["ready", "lines", "completed", "failed", "crashed", "call", "cancel"] as const;

/**
 * Checks an event from the process of a ServerApp.
 *
 * @param omitted bytes that were discarded, because the event is too large
 * @throws FlwrError "invalid-argument" that names what is wrong
 */
export function checkServerAppEvent(value: unknown, omitted = 0): ServerAppEvent {
  const event = fieldsOf(value, "Event of the app");
  const kind = choiceOf(event["kind"], "Kind of the event", KINDS);
  if (omitted > 0) {
    if (kind === "call") return { kind: "large-call", id: callId(event["id"]), bytes: omitted };
    throw new FlwrError("invalid-argument", `An event of the app is too large: ${omitted} bytes`);
  }
  switch (kind) {
    case "ready":
      return { kind };
    case "completed":
      return { kind, details: sentence(event["details"]) };
    case "lines":
      return { kind, lines: linesOf(event["text"]) };
    case "failed":
      return { kind, message: sentence(event["message"]), hints: hints(event["hints"]) };
    case "crashed":
      return { kind, reason: sentence(event["reason"]) };
    case "call":
      return {
        kind,
        id: callId(event["id"]),
        method: textOf(event["method"], "Method", MAX_SENTENCE_LENGTH),
        bytes: bytesOf(event["bytes"]),
      };
    case "cancel":
      return { kind, id: callId(event["id"]) };
  }
}

/**
 * Splits a batch of log into lines, each with its line break. Long lines are cut. A line without the time stamp of a
 * run's log is indented: only the SuperLink's own lines begin at the margin.
 */
function linesOf(value: unknown): string[] {
  if (!(value instanceof Uint8Array) || value.length > MAX_BATCH_BYTES) {
    throw new FlwrError(
      "invalid-argument",
      `Lines of the log are no bytes, or more than ${MAX_BATCH_BYTES}`,
    );
  }
  const lines = new TextDecoder().decode(value).split("\n", MAX_LINES_PER_BATCH + 1);
  if (lines.length > MAX_LINES_PER_BATCH) {
    throw new FlwrError(
      "invalid-argument",
      `A batch of log has more than ${MAX_LINES_PER_BATCH} lines`,
    );
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
