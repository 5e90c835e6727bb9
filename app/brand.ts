/** Under this registered symbol each public class says what it is. Registered: equal in every copy of the module. */
export const KIND = Symbol.for("flwr.kind");

/** The classes that carry a {@link KIND}. */
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
 * Whether a value is an instance of one of the public classes. Unlike `instanceof` this also holds when the value was
 * made by another copy of the module, as an app that brings its own dependencies may have.
 */
export function isKind(value: unknown, kind: Kind): boolean {
  return typeof value === "object" && value !== null &&
    (value as { readonly [KIND]?: unknown })[KIND] === kind;
}

/** How an error sentence names a value that has the wrong type. */
export function describeType(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value !== "object") return typeof value;
  return value.constructor?.name ?? "an object";
}
