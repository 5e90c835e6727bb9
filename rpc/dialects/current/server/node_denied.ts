import { FlwrError } from "../../../../base/error.ts";

/** What every refused node is told, in Flower's words and no more: the reason stands in the SuperLink's log. */
export function nodeDenied(): FlwrError {
  return new FlwrError("unauthenticated", "Invalid SuperNode authentication");
}
