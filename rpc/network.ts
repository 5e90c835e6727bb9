/**
 * What counts as one caller: an address of IPv4, of IPv6 the first 64 bits, which is what one household or machine gets.
 *
 * @param host IP address, IPv4 in IPv6 notation too
 */
export function networkOf(host: string): string {
  const bare = host.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!bare.includes(":")) return bare;
  const [head = "", tail = ""] = bare.split("::");
  const [first, last] = [head, tail].map((part) => part === "" ? [] : part.split(":"));
  const zeros = Array<string>(Math.max(0, 8 - first!.length - last!.length)).fill("0");
  return [...first!, ...(bare.includes("::") ? zeros : []), ...last!].slice(0, 4).join(":");
}
