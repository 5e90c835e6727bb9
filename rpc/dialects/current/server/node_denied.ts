import { FlwrError } from "../../../../base/error.ts";

/** The error for every refused node, with Flower's text. The reason is only in the SuperLink's log. */
export function nodeDenied(): FlwrError {
  return new FlwrError("unauthenticated", "Invalid SuperNode authentication");
}
