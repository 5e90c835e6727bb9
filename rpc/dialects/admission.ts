/**
 * Explains why a SuperLink does not admit a node's key. This is the complete rule, for every Flower version: a key is
 * admitted if it is listed or was registered by the SuperLink's owner, until its node is unregistered, which is
 * permanent.
 *
 * @param node the key's node, if it has one
 * @param listed whether the key is in the SuperLink's list; true if the SuperLink admits every key
 * @returns the reason, for the log; undefined if the key is admitted
 */
export function admissionFault(
  node: { readonly state: string; readonly registeredBy: "owner" | "self" } | undefined,
  listed: boolean,
): string | undefined {
  if (node?.state === "unregistered") return "the node was unregistered";
  if (listed || node?.registeredBy === "owner") return undefined;
  return "the key is neither listed nor registered";
}
