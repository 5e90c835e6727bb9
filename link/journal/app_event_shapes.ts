import type { AppData, AppKind } from "../../entities/journal.ts";

/** Longest text in an event, in UTF-16 code units. */
const MAX_TEXT = 1000;
/** Longest data of an app's own event, in UTF-16 code units. */
const MAX_OWN_DATA = 16 * 1024;
/** Largest number of metrics in an event, and the longest name of one in UTF-16 code units. */
const MAX_METRICS = 100;
const MAX_METRIC_NAME = 100;

/** Says whether a value from an app has the right type. */
type Check = (value: unknown) => boolean;

/** A check for each field, which may be missing if its name ends with `?`. */
type Shape = Readonly<Record<string, Check>>;

/** The fields of a type: those that may be missing with `?`. */
type ShapeOf<T> = {
  readonly [F in keyof T as undefined extends T[F] ? `${F & string}?` : F]: Check;
};

const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const seconds: Check = (value) => Number.isFinite(value) && (value as number) >= 0;
const text: Check = (value) => typeof value === "string" && value.length <= MAX_TEXT;
const phase: Check = (value) => value === "train" || value === "evaluate";
const flag: Check = (value) => typeof value === "boolean";
const jsonNumber: Check = (value) =>
  Number.isFinite(value) || value === "NaN" || value === "Infinity" || value === "-Infinity";
const metrics: Check = (value) => {
  if (!isObject(value)) return false;
  const entries = Object.entries(value);
  return entries.length <= MAX_METRICS &&
    entries.every(([name, number]) => name.length <= MAX_METRIC_NAME && jsonNumber(number));
};
const error = objectOf({ code: (value) => Number.isSafeInteger(value), reason: text });
const share = objectOf({ asked: count, contributed: count });

/** The fields of each kind. */
const SHAPES: { readonly [Kind in AppKind]: ShapeOf<AppData[Kind]> } = {
  "strategy-started": { strategy: text, rounds: count },
  "strategy-resumed": { round: count, rounds: count },
  "waiting-for-nodes": { online: count, needed: count },
  "round-started": { round: count, rounds: count },
  "phase-started": { round: count, phase, asked: count, available: count },
  "node-replied": {
    "round?": count,
    "phase?": phase,
    messageType: text,
    seconds,
    "metrics?": metrics,
    "error?": error,
  },
  "phase-finished": {
    round: count,
    phase,
    seconds,
    results: count,
    failures: count,
    aggregated: flag,
    "metrics?": metrics,
  },
  "server-evaluated": { round: count, seconds, metrics },
  "round-finished": { round: count, seconds },
  "privacy-spent": { round: count, epsilon: jsonNumber, delta: jsonNumber },
  "stopped-early": { round: count, rounds: count, "reason?": text },
  "strategy-finished": { rounds: count, seconds },
  "node-contributed": {
    asked: count,
    contributed: count,
    train: share,
    evaluate: share,
    "lastError?": objectOf({ round: count, phase, reason: text }),
  },
  "app-event": {
    event: text,
    data: (value) => typeof value === "string" && value.length <= MAX_OWN_DATA,
  },
};

/** Whether data are those of an event of this kind: all its fields, and no others. */
export function hasShape(kind: AppKind, data: unknown): boolean {
  return objectOf(SHAPES[kind] as Shape)(data);
}

/** Whether a text is the kind of an event that an app can report. */
export function isAppKind(kind: string): kind is AppKind {
  return Object.hasOwn(SHAPES, kind);
}

function objectOf(shape: Shape): Check {
  const fields = new Map(
    Object.entries(shape).map(([name, check]) => [
      name.replace("?", ""),
      { check, isOptional: name.endsWith("?") },
    ]),
  );
  const required = [...fields].filter(([, { isOptional }]) => !isOptional).map(([name]) => name);
  return (value) =>
    isObject(value) && required.every((name) => Object.hasOwn(value, name)) &&
    Object.entries(value).every(([name, field]) => fields.get(name)?.check(field) === true);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
