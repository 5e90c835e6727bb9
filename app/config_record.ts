import { KIND } from "./brand.ts";
import {
  type ConfigInput,
  type ConfigValue,
  plainConfig,
  typedConfig,
  type TypedConfigValue,
} from "./typed_value.ts";
import { ValueRecord } from "./value_record.ts";

/**
 * Named settings: numbers, booleans, strings, bytes, and lists of one of these types.
 *
 * @example
 * ```ts
 * const config = new ConfigRecord({ "learning-rate": 0.001, epochs: 1 });
 * config.number("learning-rate"); // 0.001
 * config.string("optimiser", "sgd"); // "sgd": the fallback
 * ```
 */
export class ConfigRecord extends ValueRecord<TypedConfigValue, ConfigValue, ConfigInput> {
  /** The class of the object, which other copies of this module recognise. */
  readonly [KIND] = "ConfigRecord";

  /** Determines the wire type of a setting. */
  protected override admit(value: unknown): TypedConfigValue {
    return typedConfig(value);
  }

  /** The value without its wire type. */
  protected override plain(typed: TypedConfigValue): ConfigValue {
    return plainConfig(typed);
  }

  /** Settings can have any wire type. */
  protected override allowsType(_type: string): boolean {
    return true; // any type of TypedConfigValue
  }

  /** The boolean under a name. @throws FlwrError as {@link number} */
  boolean(name: string, fallback?: boolean): boolean {
    return this.expect(name, this.get(name), BOOLEAN, fallback);
  }

  /** The string under a name. @throws FlwrError as {@link number} */
  string(name: string, fallback?: string): string {
    return this.expect(name, this.get(name), STRING, fallback);
  }

  /** The bytes under a name. @throws FlwrError as {@link number} */
  bytes(name: string, fallback?: Uint8Array): Uint8Array {
    return this.expect(name, this.get(name), BYTES, fallback);
  }
}

const BOOLEAN = {
  name: "boolean",
  is: (value: unknown): value is boolean => typeof value === "boolean",
};

const STRING = {
  name: "string",
  is: (value: unknown): value is string => typeof value === "string",
};

const BYTES = {
  name: "Uint8Array",
  is: (value: unknown): value is Uint8Array => value instanceof Uint8Array,
};
