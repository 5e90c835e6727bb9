import { FlwrError } from "../../base/error.ts";
import { nodeNameProblem } from "../../base/node_name.ts";

/**
 * What a node calls itself, in a field of ours.
 *
 * @param name empty where it says nothing, as Flower's nodes do
 * @throws FlwrError invalid-argument
 */
export function readNodeName(name: string): { readonly name?: string } {
  if (name === "") return {};
  const problem = nodeNameProblem(name);
  if (problem === undefined) return { name };
  throw new FlwrError("invalid-argument", `The node's name ${problem}`);
}

/** A node's name as a SuperLink tells it; none where it is empty, or cannot be shown: another program's may be anything. */
export function usableName(name: string | undefined): { readonly name?: string } {
  return name === undefined || nodeNameProblem(name) !== undefined ? {} : { name };
}
