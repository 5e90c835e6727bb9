import { FlwrError } from "../../../../base/error.ts";
import type { Control } from "../../../../proto/gen/current/control_pb.ts";
import type { CallHead } from "../../../call.ts";
import type { ServiceOptions } from "../../../service.ts";
import { controlAdmissionOf } from "./control_policy.ts";

/**
 * Admits calls of the Control API as Flower's open-source SuperLink does: there are no accounts, so every caller is
 * the same account. Credentials other than bearer tokens are refused, because their sender expects another kind of
 * server.
 *
 * @param onCall called with each call that is admitted
 */
export function controlAuthentication(onCall: () => void = () => {}): Pick<
  ServiceOptions<typeof Control, undefined>,
  "admit" | "authenticate"
> {
  const admit = (call: CallHead) => {
    checkCredentials(call);
    onCall();
  };
  return { admit, authenticate: () => Promise.resolve(undefined) };
}

function checkCredentials(call: CallHead): void {
  if (controlAdmissionOf(call.method) === "anyone") return;
  const credentials = call.header("authorization");
  if (credentials === undefined || /^bearer /i.test(credentials)) return;
  throw new FlwrError(
    "unauthenticated",
    "The call carries credentials that are not a bearer token",
  );
}
