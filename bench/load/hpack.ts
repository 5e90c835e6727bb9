/** The most that fits into the seven bits before a string (RFC 7541, section 5.1). */
const PREFIX_LIMIT = 127;

/** A header in HPACK's plainest form: a literal that is not indexed, without Huffman's code (RFC 7541, 6.2.2). */
export function literalHeader(name: string, value: string): Uint8Array {
  const encoder = new TextEncoder();
  const [nameBytes, valueBytes] = [encoder.encode(name), encoder.encode(value)];
  return new Uint8Array([
    0,
    ...encodeLength(nameBytes.length),
    ...nameBytes,
    ...encodeLength(valueBytes.length),
    ...valueBytes,
  ]);
}

/** An integer with a prefix of seven bits (RFC 7541, section 5.1). */
export function encodeLength(length: number): number[] {
  if (length < PREFIX_LIMIT) return [length];
  const bytes = [PREFIX_LIMIT];
  let rest = length - PREFIX_LIMIT;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(rest % 128 + 128);
  return [...bytes, rest];
}
