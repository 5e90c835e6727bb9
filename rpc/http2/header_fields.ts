import type { HeaderField } from "./hpack/decoder.ts";

/** Connection-specific headers of HTTP/1, which HTTP/2 forbids (RFC 9113, section 8.2.2). */
const OF_CONNECTIONS = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** The header fields of a request. */
export class HeaderFields {
  readonly #fields: readonly HeaderField[];

  constructor(fields: readonly HeaderField[]) {
    this.#fields = fields;
  }

  /** The value of a field; undefined also for a repeated one. */
  get(name: string): string | undefined {
    let found: string | undefined;
    for (const [other, value] of this.#fields) {
      if (other !== name) continue;
      if (found !== undefined) return undefined;
      found = value;
    }
    return found;
  }

  /** The value of a field that is a list: those of a repeated one, joined by commas. */
  list(name: string): string | undefined {
    const values = this.#fields.filter(([other]) => other === name).map(([, value]) => value);
    return values.length === 0 ? undefined : values.join(", ");
  }
}

/** Whether the fields form a valid request (RFC 9113, sections 8.2 and 8.3). */
export function isRequest(fields: readonly HeaderField[]): boolean {
  let regular = false;
  for (const [name, value] of fields) {
    // deno-lint-ignore no-control-regex -- control characters are what is looked for
    if (/[A-Z\x00-\x20\x7f-\xff]/.test(name) || /[\x00\r\n]/.test(value)) return false;
    if (name === "" || OF_CONNECTIONS.has(name)) return false;
    if (!name.startsWith(":")) regular = true;
    else if (regular || !REQUEST_FIELDS.has(name)) return false;
  }
  const headers = new HeaderFields(fields);
  return [":method", ":scheme", ":path"].every((name) => headers.get(name) !== undefined);
}

const REQUEST_FIELDS = new Set([":method", ":scheme", ":path", ":authority"]);
