import { FlwrError } from "../../../../base/error.ts";

/** What every refused caller is told, and no more: the reason stands in the SuperLink's log. */
export function accessDenied(): FlwrError {
  return new FlwrError("unauthenticated", "Access denied");
}
