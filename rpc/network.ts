/**
 * The network that counts as one caller: an IPv4 address, or the first 64 bits of an IPv6 address, which is what one
 * household or machine gets.
 *
 * @param host IP address; IPv4 may be in IPv6 notation
 */
export function networkOf(host: string): string {
  const bare = host.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!bare.includes(":")) return bare;
  const [head = "", tail = ""] = bare.split("::");
  const [first, last] = [head, tail].map((part) => part === "" ? [] : part.split(":"));
  const zeros = Array<string>(Math.max(0, 8 - first!.length - last!.length)).fill("0");
  return [...first!, ...(bare.includes("::") ? zeros : []), ...last!].slice(0, 4).join(":");
}
