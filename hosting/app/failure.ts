import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isShareable } from "../../app/shareable.ts";
import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { READ_GRANT_HINT } from "../../base/read_grant.ts";

/** Most characters that are logged of an error that an app threw. */
export const MAX_FAILURE_DETAILS = 8_192;
/** Most lines of a stack that are searched for the app's code. */
const MAX_STACK_LINES = 100;

/**
 * A failure of an app. Error texts can contain the data that the app was working on: table cells, paths, values. They
 * stay on the node, unless its owner allows sharing them.
 */
export interface Failure {
  /** The part that may be sent to the SuperLink: the type of error, and the position in the app's code. */
  readonly summary: string;
  /** The full text, over several lines: for the node's log. */
  readonly details: string;
}

/** Clause for a text that is withheld. */
export const SEE_NODE_LOG = "the node's log has the text";

/**
 * Describes a value that an app threw.
 *
 * @param thrown any value, also one crafted to mislead
 * @param folder absolute path of the app's folder. Positions are paths relative to it
 */
export function failureOf(thrown: unknown, folder: string): Failure {
  const details = [inspect(thrown), ...grantHints(thrown).map((hint) => `Hint: ${hint}`)].join(
    "\n",
  );
  if (isShareable(thrown)) return { summary: (thrown as Error).message, details };
  const place = errorPosition(thrown, folder);
  return { summary: `${errorType(thrown)}${place && ` at ${place}`}; ${SEE_NODE_LOG}`, details };
}

/** Hints for an error that the platform throws when a sandboxed app reads a file without permission. */
export function grantHints(thrown: unknown): readonly string[] {
  try {
    const isRefused = thrown instanceof Deno.errors.NotCapable &&
      /\bread access\b/.test(thrown.message);
    return isRefused ? [READ_GRANT_HINT] : [];
  } catch {
    // A proxy can throw when it is inspected.
    return [];
  }
}

/** The failure for an uncaught error of a worker: only its text is known. */
export function uncaughtFailure(details: string): Failure {
  return { summary: `an uncaught error; ${SEE_NODE_LOG}`, details };
}

/** Error classes of the language and the platform. Their names contain nothing from the app. */
const BUILT_IN = [
  "Error",
  "TypeError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "EvalError",
  "URIError",
  "AggregateError",
  "DOMException",
] as const;

/** The codes of a FlwrError. Any other text in that field is withheld, because an app could have put data there. */
const CODES: Readonly<Record<ErrorCode, true>> = {
  "invalid-argument": true,
  "failed-precondition": true,
  "not-found": true,
  "already-exists": true,
  "unauthenticated": true,
  "permission-denied": true,
  "resource-exhausted": true,
  "unavailable": true,
  "deadline-exceeded": true,
  "cancelled": true,
  "unimplemented": true,
  "data-loss": true,
  "internal": true,
};

/**
 * The type of a thrown value: the class name as it stands in the source text of the class. The property `name`, like
 * every writable property, could contain data.
 */
export function errorType(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) {
    return thrown === null ? "a thrown null" : `a thrown ${typeof thrown}`;
  }
  try {
    if (thrown instanceof FlwrError) {
      return Object.hasOwn(CODES, thrown.code) ? `FlwrError ${thrown.code}` : "FlwrError";
    }
    if (!(thrown instanceof Error) && !(thrown instanceof DOMException)) return "a thrown object";
    for (let type = prototypeOf(thrown); type !== null; type = prototypeOf(type)) {
      const name = classNameOf(Object.getOwnPropertyDescriptor(type, "constructor")?.value);
      if (name !== undefined) return name;
    }
  } catch {
    // A proxy whose traps throw.
  }
  return "a thrown object";
}

function prototypeOf(value: object): object | null {
  return Object.getPrototypeOf(value);
}

const sourceOf = Function.prototype.toString;

function classNameOf(type: unknown): string | undefined {
  if (typeof type !== "function") return undefined;
  const builtIn = BUILT_IN.find((name) => (globalThis as Record<string, unknown>)[name] === type);
  if (builtIn !== undefined) return builtIn;
  const [, name] =
    /^class\s+([A-Za-z_$][\w$]{0,63})\s*(?:extends\b|\{)/.exec(sourceOf.call(type)) ??
      [];
  return name;
}

/** The first position in an error's stack that is in the app's folder, as "client.ts:12:5". Empty if there is none. */
export function errorPosition(thrown: unknown, folder: string): string {
  const root = `${pathToFileURL(folder).href.replace(/\/$/, "")}/`;
  try {
    for (const line of stackOf(thrown)) {
      const match = /^\s+at (?:.*\()?(file:\/\/.+):(\d{1,7}):(\d{1,7})\)?$/.exec(line);
      // Deno prints URLs in a stack decoded.
      const [url, start] = [decoded(match?.[1] ?? ""), decoded(root)];
      if (match === null || !url.startsWith(start)) continue;
      const path = url.slice(start.length);
      // The error's own text may imitate a position, so the file must exist in the app.
      if (isCode(folder, path)) return `${path}:${match[2]}:${match[3]}`;
    }
  } catch {
    // The value is not an error, or its getters throw.
  }
  return "";
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}

/** The lines of a stack after the error's own text. */
function stackOf(thrown: unknown): string[] {
  if (!(thrown instanceof Error)) return [];
  const { stack, message } = thrown;
  if (typeof stack !== "string") return [];
  const start = typeof message === "string" ? stack.indexOf(message) + message.length : 0;
  return stack.slice(start).split("\n", MAX_STACK_LINES);
}

function isCode(folder: string, path: string): boolean {
  if (!/\.[mc]?[jt]sx?$/.test(path) || path.split("/").includes("..")) return false;
  try {
    return Deno.statSync(join(folder, path)).isFile;
  } catch {
    return false;
  }
}

function inspect(thrown: unknown): string {
  let text: string;
  try {
    text = typeof thrown === "string" ? thrown : Deno.inspect(thrown, { colors: false });
  } catch {
    text = "the thrown value cannot be shown";
  }
  return text.length > MAX_FAILURE_DETAILS ? `${text.slice(0, MAX_FAILURE_DETAILS)}…` : text;
}
