import { DerReader, MalformedError } from "../auth/der.ts";
import { readFields } from "./fields.ts";

/** UTCTime and GeneralizedTime, with seconds and in UTC (RFC 5280, section 4.1.2.5). */
const TIMES: Readonly<Record<number, RegExp>> = { 0x17: /^\d{12}Z$/, 0x18: /^\d{14}Z$/ };

/** Faults in a certificate's encoding that OpenSSL accepts but clients refuse. */
export interface EncodingFaults {
  /** Whether the validity period has an encoding that is not allowed. */
  readonly times: boolean;
  /** Whether the serial number is not minimal. */
  readonly serial: boolean;
}

/** Checks a certificate's encoding. @returns no faults if it cannot be read */
export function encodingFaults(der: Uint8Array): EncodingFaults {
  try {
    const fields = readFields(der);
    const [first, second] = fields.serial;
    const validity = new DerReader(fields.validity);
    let times = false;
    while (!validity.done) {
      const { tag, contents } = validity.next();
      times ||= TIMES[tag]?.test(new TextDecoder("latin1").decode(contents)) !== true;
    }
    const repeats = (first === 0 && second! < 0x80) || (first === 0xff && second! >= 0x80);
    return { times, serial: second !== undefined && repeats };
  } catch (error) {
    if (error instanceof MalformedError) return { times: false, serial: false };
    throw error;
  }
}
