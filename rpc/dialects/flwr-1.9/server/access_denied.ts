import { FlwrError } from "../../../../base/error.ts";

/** The error for every refused caller. The reason is only in the SuperLink's log. */
export function accessDenied(): FlwrError {
  return new FlwrError("unauthenticated", "Access denied");
}
