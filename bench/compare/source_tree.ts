import { join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { repositoryPath } from "../../tests/support/repository.ts";
import type { BaseRevision } from "./base_revision.ts";
import { askGit, git } from "./git.ts";

/** The sources of an earlier version in a folder of their own, with the packages that they need. */
export class SourceTree implements AsyncDisposable {
  private constructor(readonly path: string) {}

  /** Checks a version out. @throws FlwrError "failed-precondition" where git or the packages cannot be had */
  static async checkOut({ commit }: BaseRevision): Promise<SourceTree> {
    const folder = await Deno.makeTempDir({ prefix: "flwr-compare-" });
    const tree = new SourceTree(join(folder, "flwr"));
    try {
      await git("worktree", "add", "--detach", tree.path, commit);
      await tree.#addPackages();
      return tree;
    } catch (error) {
      await tree[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await askGit("worktree", "remove", "--force", this.path);
    await Deno.remove(join(this.path, ".."), { recursive: true });
    await askGit("worktree", "prune");
  }

  /** Those of this version where both lock the same ones; otherwise they are installed. */
  async #addPackages(): Promise<void> {
    const [here, there] = [repositoryPath(""), this.path];
    const read = (folder: string, name: string) => Deno.readTextFile(join(folder, name));
    if (await read(here, "deno.lock") === await read(there, "deno.lock")) {
      await Deno.symlink(join(here, "node_modules"), join(there, "node_modules"));
      return;
    }
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["install", "--quiet"],
      cwd: there,
    }).output();
    if (success) return;
    throw new FlwrError(
      "failed-precondition",
      `The packages of the earlier version cannot be installed: ${
        new TextDecoder().decode(stderr)
      }`,
    );
  }
}
