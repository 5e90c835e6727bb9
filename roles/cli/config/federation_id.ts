import { FlwrError } from "../../../base/error.ts";

/**
 * Checks that a text is a federation's id, `@account/name`.
 *
 * @param what name of the flag or key, for errors
 * @throws FlwrError "invalid-argument"
 */
export function requireFederationId(text: string, what: string): void {
  if (/^@[\w-]+\/[\w-]+$/.test(text)) return;
  throw new FlwrError("invalid-argument", `${what} is not of the form "@account/name": "${text}"`, {
    hints: ["To see all federations, run: flwr federation list"],
  });
}
