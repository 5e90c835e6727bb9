import { FlwrError } from "../../base/error.ts";
import { VERSION } from "../../base/version.ts";

/**
 * Runs a new executable once, with its own cache folder: with a denort of another version it is created without an
 * error, but does not start.
 *
 * @param hint what to do if it does not work
 * @throws FlwrError "failed-precondition" when it does not print its version
 */
export async function checkExecutable(path: string, hint: string): Promise<void> {
  const cache = await Deno.makeTempDir({ prefix: "flwr-check-" });
  try {
    await checkVersion(path, cache, hint);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

async function checkVersion(path: string, cache: string, hint: string): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(path, {
    args: ["--version"],
    env: { FLWR_CACHE: cache },
    stdin: "null",
  }).output();
  const output = new TextDecoder().decode(stdout).trim();
  if (success && output === VERSION) return;
  const message = (output || new TextDecoder().decode(stderr).trim()).split("\n")[0] || "no output";
  throw new FlwrError(
    "failed-precondition",
    `"${path}" was created but does not work: ${message}`,
    { hints: [hint] },
  );
}
