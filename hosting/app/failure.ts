import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isShareable } from "../../app/shareable.ts";
import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { READ_GRANT_HINT } from "../../base/read_grant.ts";

/** Characters of what is logged of an error that an app threw, and lines of its stack that are looked at. */
export const MAX_FAILURE_DETAILS = 8_192;
const MAX_STACK_LINES = 100;

/**
 * What went wrong in an app. Texts of errors name what the app was working on: cells of tables, paths, values. They stay
 * on the node, unless its owner says otherwise.
 */
export interface Failure {
  /** What the SuperLink may be told: the kind of error, and the place in the app's code. */
  readonly told: string;
  /** All that is known, over several lines: for the node's log. */
  readonly details: string;
}

/** Said of what is kept back. */
export const IN_THE_LOG = "the node's log has the text";

/**
 * Says what an app threw.
 *
 * @param thrown anything, also something made to mislead
 * @param folder the app's own folder, absolute: places are told by their path in it
 */
export function failureOf(thrown: unknown, folder: string): Failure {
  const details = [inspect(thrown), ...grantHints(thrown).map((hint) => `Hint: ${hint}`)].join(
    "\n",
  );
  if (isShareable(thrown)) return { told: (thrown as Error).message, details };
  const place = placeOf(thrown, folder);
  return { told: `${kindOf(thrown)}${place && ` at ${place}`}; ${IN_THE_LOG}`, details };
}

/** What to do about an error that a sandboxed app gets from the platform itself when it reads what it may not. */
export function grantHints(thrown: unknown): readonly string[] {
  try {
    const isRefused = thrown instanceof Deno.errors.NotCapable &&
      /\bread access\b/.test(thrown.message);
    return isRefused ? [READ_GRANT_HINT] : [];
  } catch {
    // A proxy that throws when it is looked at.
    return [];
  }
}

/** What is known of an error that only its thread saw: a text. */
export function uncaught(details: string): Failure {
  return { told: `an error that nobody caught; ${IN_THE_LOG}`, details };
}

/** Errors that the language and the platform throw: their names are theirs. */
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

/** The codes that an error of ours may have: whatever else is put there is not told. */
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
 * The kind of what was thrown: the name of its class as the source text of the class says it. The property `name` may be
 * made of data, and so may whatever else a program can write to.
 */
export function kindOf(thrown: unknown): string {
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
    // A proxy that throws when it is looked at.
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

/** The first place of an error's stack that lies in the app's folder, as "client.ts:12:5"; empty where there is none. */
export function placeOf(thrown: unknown, folder: string): string {
  const root = `${pathToFileURL(folder).href.replace(/\/$/, "")}/`;
  try {
    for (const line of stackOf(thrown)) {
      const match = /^\s+at (?:.*\()?(file:\/\/.+):(\d{1,7}):(\d{1,7})\)?$/.exec(line);
      // Deno writes a URL as people read it.
      const [url, start] = [decoded(match?.[1] ?? ""), decoded(root)];
      if (match === null || !url.startsWith(start)) continue;
      const path = url.slice(start.length);
      // An error's text may look like a place: only the app's code is one.
      if (isCode(folder, path)) return `${path}:${match[2]}:${match[3]}`;
    }
  } catch {
    // What is no error has no place.
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

/** The lines of a stack below the error's own text. */
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
    text = "what was thrown cannot be shown";
  }
  return text.length > MAX_FAILURE_DETAILS ? `${text.slice(0, MAX_FAILURE_DETAILS)}…` : text;
}
