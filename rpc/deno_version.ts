import { FlwrError } from "../base/error.ts";

/** The version this project is developed and tested with. */
export const RECOMMENDED_DENO = "2.9.3";

/** Before it, Deno has no TLS server for HTTP/2. */
const FIRST_USABLE = [2, 7, 0] as const;
/** In these a client's GOAWAY frame ends the server process (denoland/deno#36788). */
const GOAWAY_CRASH = { first: [2, 9, 4], last: [2, 9, 8] } as const;

/**
 * Refuses Deno versions in which a server cannot be run safely.
 *
 * @param version as in `Deno.version.deno`, "2.9.3" or "2.10.0-rc.1+abc"
 * @throws FlwrError "failed-precondition"
 */
export function checkServerDeno(version: string): void {
  const parts = version.split(/[-+]/)[0]!.split(".").map(Number);
  const why = compare(parts, FIRST_USABLE) < 0
    ? "it cannot serve gRPC over TLS"
    : compare(parts, GOAWAY_CRASH.first) >= 0 && compare(parts, GOAWAY_CRASH.last) <= 0
    ? "any client can crash a server that runs on it (denoland/deno#36788)"
    : undefined;
  if (why === undefined) return;
  throw new FlwrError("failed-precondition", `Deno ${version} cannot run a server: ${why}`, {
    hints: [`Use Deno ${RECOMMENDED_DENO}: npx -y deno@${RECOMMENDED_DENO} …`],
  });
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
