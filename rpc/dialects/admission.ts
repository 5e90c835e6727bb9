/**
 * Why a SuperLink does not admit a node's key. This is the whole rule, for every wire: a key is admitted that is listed or
 * that the SuperLink's owner registered, until its node is unregistered, which is for good.
 *
 * @param node the node that belongs to the key, if there is one
 * @param listed whether the key is in the SuperLink's list; true where the SuperLink admits every key
 * @returns the reason, for the log; undefined where the key is admitted
 */
export function admissionFault(
  node: { readonly state: string; readonly registeredBy: "owner" | "self" } | undefined,
  listed: boolean,
): string | undefined {
  if (node?.state === "unregistered") return "the node was unregistered";
  if (listed || node?.registeredBy === "owner") return undefined;
  return "the key is neither listed nor registered";
}
