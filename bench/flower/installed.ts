import { FlwrError } from "../../base/error.ts";
import { repositoryPath } from "../../tests/support/repository.ts";

const FOLDER = ".cache/bench/bin";

/**
 * Installs this project's commands for the benchmarks, as its README says.
 *
 * @returns the path of `flwr`
 */
export async function installedFlwr(): Promise<string> {
  const folder = repositoryPath(FOLDER);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", repositoryPath("scripts/install.ts"), "--bin-dir", folder],
  }).output();
  if (success) return `${folder}/flwr`;
  throw new FlwrError(
    "internal",
    `The commands cannot be installed: ${new TextDecoder().decode(stderr)}`,
  );
}
