import { FlwrError } from "../../base/error.ts";
import { repositoryPath } from "../../tests/support/repository.ts";

/**
 * Asks git about this repository.
 *
 * @returns what it printed, without the last line's end; undefined where it fails, or is not there
 */
export async function askGit(...args: readonly string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("git", {
      args: ["-C", repositoryPath(""), ...args],
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trimEnd() : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** As {@link askGit}. @throws FlwrError "failed-precondition" where it fails */
export async function git(...args: readonly string[]): Promise<string> {
  const answer = await askGit(...args);
  if (answer !== undefined) return answer;
  throw new FlwrError("failed-precondition", `"git ${args.join(" ")}" failed in this repository`);
}
