import { FlwrError } from "../../base/error.ts";
import { nodeNameProblem } from "../../base/node_name.ts";

/**
 * Reads the node name from our own field of a request.
 *
 * @param name empty if the node sends none, as Flower's nodes do
 * @throws FlwrError "invalid-argument"
 */
export function readNodeName(name: string): { readonly name?: string } {
  if (name === "") return {};
  const problem = nodeNameProblem(name);
  if (problem === undefined) return { name };
  throw new FlwrError("invalid-argument", `The node's name ${problem}`);
}

/**
 * Checks a node name received from a SuperLink. Drops an empty or unprintable one, because another implementation may
 * send anything.
 */
export function usableName(name: string | undefined): { readonly name?: string } {
  return name === undefined || nodeNameProblem(name) !== undefined ? {} : { name };
}
