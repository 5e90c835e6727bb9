import { FlwrError } from "../../base/error.ts";
import { VERSION } from "../../base/version.ts";

/**
 * Runs a new executable once: one on a denort of another version is made without complaint, and does not start.
 *
 * @throws FlwrError "failed-precondition" when it does not tell its version
 */
export async function checkExecutable(path: string): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(path, {
    args: ["--version"],
    stdin: "null",
  }).output();
  const said = new TextDecoder().decode(stdout).trim();
  if (success && said === VERSION) return;
  const words = (said || new TextDecoder().decode(stderr).trim()).split("\n")[0] || "nothing";
  throw new FlwrError(
    "failed-precondition",
    `"${path}" was made but does not work: it says ${words}`,
    {
      hints: [`DENORT_BIN has to be denort ${Deno.version.deno}, for this platform`],
    },
  );
}
