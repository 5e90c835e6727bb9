/**
 * The registered symbol under which each public class has its name. Registered symbols are equal in all copies of the
 * module.
 */
export const KIND = Symbol.for("flwr.kind");

/** Names of the classes with a {@link KIND}. */
export type Kind =
  | "Float"
  | "NdArray"
  | "ArrayRecord"
  | "MetricRecord"
  | "ConfigRecord"
  | "RecordDict"
  | "Message"
  | "ClientApp"
  | "ServerApp";

/**
 * Whether a value is an instance of a public class. Unlike `instanceof`, this also works for values of another copy of
 * the module, which an app with its own dependencies may have.
 */
export function isKind(value: unknown, kind: Kind): boolean {
  return typeof value === "object" && value !== null &&
    (value as { readonly [KIND]?: unknown })[KIND] === kind;
}

/** The type of a value, for error messages. */
export function describeType(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value !== "object") return typeof value;
  return value.constructor?.name ?? "an object";
}
