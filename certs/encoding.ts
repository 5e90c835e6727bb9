import { DerReader, MalformedError } from "../auth/der.ts";
import { readFields } from "./fields.ts";

/** UTCTime and GeneralizedTime, with seconds and in Greenwich's time (RFC 5280, section 4.1.2.5). */
const TIMES: Readonly<Record<number, RegExp>> = { 0x17: /^\d{12}Z$/, 0x18: /^\d{14}Z$/ };

/** What in a certificate's encoding clients do not accept, though OpenSSL does. */
export interface EncodingFaults {
  /** Whether its validity is in another form than that of certificates. */
  readonly times: boolean;
  /** Whether its serial number has a zero too many in front. */
  readonly serial: boolean;
}

/** Looks at a certificate's encoding. @returns no faults where it cannot be read */
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
