import { create } from "@bufbuild/protobuf";
import { ConfigRecord } from "../../../app/config_record.ts";
import type { TypedConfigValue } from "../../../app/typed_value.ts";
import { FlwrError } from "../../../base/error.ts";
import type { LinkScalar } from "../../../entities/run.ts";
import { type Scalar, ScalarSchema } from "../../../proto/gen/current/scalar_pb.ts";

/** A configuration in protobuf: values by key. */
export type WireConfig = Readonly<Record<string, Scalar>>;

/** The largest integer sent as "sint64". */
const MAX_SINT64 = 2n ** 63n - 1n;

/** Converts a value of a run's configuration to protobuf. */
export function scalarToWire(value: LinkScalar): Scalar {
  return create(ScalarSchema, { scalar: scalarCase(value) });
}

function scalarCase(value: LinkScalar): Scalar["scalar"] {
  switch (typeof value) {
    case "boolean":
      return { case: "bool", value };
    case "bigint":
      return { case: value > MAX_SINT64 ? "uint64" : "sint64", value };
    case "number":
      return { case: "double", value };
    case "string":
      return { case: "string", value };
    default:
      return { case: "bytes", value };
  }
}

/** Converts a value of a run's configuration from protobuf. @throws FlwrError "invalid-argument" if it has no type */
export function scalarFromWire({ scalar }: Scalar): LinkScalar {
  if (scalar.case !== undefined) return scalar.value;
  throw new FlwrError("invalid-argument", "A value of the configuration has no type");
}

/** Converts a run's configuration to protobuf. */
export function scalarsToWire(
  values: Readonly<Record<string, LinkScalar>>,
): Record<string, Scalar> {
  return mapValues(values, scalarToWire);
}

/** Converts a run's configuration from protobuf. @throws FlwrError "invalid-argument" as {@link scalarFromWire} */
export function scalarsFromWire(values: WireConfig): Record<string, LinkScalar> {
  return mapValues(values, scalarFromWire);
}

/**
 * Converts an app's configuration to protobuf.
 *
 * @throws FlwrError "invalid-argument" for lists, which configurations of runs and nodes cannot have
 */
export function configToWire(config: ConfigRecord): Record<string, Scalar> {
  return Object.fromEntries(
    Array.from(config.typedEntries(), ([key, typed]) => [key, typedToWire(key, typed)]),
  );
}

function typedToWire(key: string, typed: TypedConfigValue): Scalar {
  switch (typed.type) {
    case "double":
    case "sint64":
    case "uint64":
    case "bool":
    case "string":
    case "bytes":
      return create(ScalarSchema, {
        scalar: { case: typed.type, value: typed.value } as Scalar["scalar"],
      });
    default:
      throw new FlwrError(
        "invalid-argument",
        `The value "${key}" of the configuration is a list: expected a single value`,
      );
  }
}

/** Converts an app's configuration from protobuf. @throws FlwrError "invalid-argument" as {@link scalarFromWire} */
export function configFromWire(values: WireConfig): ConfigRecord {
  const config = new ConfigRecord();
  for (const [key, { scalar }] of Object.entries(values)) {
    if (scalar.case === undefined) {
      throw new FlwrError(
        "invalid-argument",
        `The value "${key}" of the configuration has no type`,
      );
    }
    config.setTyped(key, { type: scalar.case, value: scalar.value } as TypedConfigValue);
  }
  return config;
}

function mapValues<A, B>(
  values: Readonly<Record<string, A>>,
  map: (value: A) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value)]));
}
