import { join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { repositoryPath } from "../../tests/support/repository.ts";

const FOLDER = ".cache/bench/bin";

/**
 * Installs the commands of this version, or of another one, as its README says.
 *
 * @param root the folder of the sources; this repository by default
 * @param folder where the commands are put; a folder of the benchmarks by default
 * @returns the path of `flwr`
 * @throws FlwrError "internal" with what the installation printed
 */
export async function installedFlwr(
  root: string = repositoryPath(""),
  folder: string = repositoryPath(FOLDER),
): Promise<string> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", join(root, "scripts/install.ts"), "--bin-dir", folder],
    cwd: root,
  }).output();
  if (success) return join(folder, "flwr");
  throw new FlwrError(
    "internal",
    `The commands of ${root} cannot be installed: ${new TextDecoder().decode(stderr)}`,
  );
}
