import { FlwrError } from "../../base/error.ts";
import type { Process } from "../../tests/support/process.ts";

/** How often a port is tried, in milliseconds: often beside a start, seldom enough not to slow it down. */
const INTERVAL_MILLISECONDS = 10;

/**
 * Waits until a SuperLink answers `GET /health` over TLS, which both sides do once they serve.
 *
 * @param http "host:port"
 * @param caCertificate file with the authority of its certificate
 * @throws FlwrError "internal" when the process ends before
 */
export async function untilHealthy(
  http: string,
  caCertificate: string,
  process: Process,
): Promise<void> {
  const [hostname, port] = http.split(":") as [string, string];
  const caCerts = [await Deno.readTextFile(caCertificate)];
  using client = Deno.createHttpClient({ caCerts, http2: false });
  for (;;) {
    if (process.status !== undefined) {
      throw new FlwrError("internal", `${process.name} ended at its start`);
    }
    if (await listens(hostname, Number(port))) {
      const answer = await fetch(`https://${http}/health`, { client }).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer?.ok) return;
    }
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MILLISECONDS));
  }
}

async function listens(hostname: string, port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port })).close();
    return true;
  } catch {
    return false;
  }
}
