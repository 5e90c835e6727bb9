import { FlwrError } from "../../base/error.ts";
import { askGit } from "./git.ts";

/** An earlier version to compare with. */
export interface BaseRevision {
  /** The commit's whole id. */
  readonly commit: string;
  /** What people call it: a tag, a version, or what they asked for. */
  readonly name: string;
}

/** Asks git; tests answer in its place. */
type Ask = (...args: readonly string[]) => Promise<string | undefined>;

/**
 * The version to compare with: the one that was asked for; otherwise the last tag before this commit; in a repository
 * without tags, the last commit before this one that gave deno.json another version, as the last of a release does.
 *
 * @returns undefined where there is none: no git, a copy without history, or no release before
 * @throws FlwrError "invalid-argument" for a revision that git does not know
 */
export async function baseRevision(
  asked: string | undefined,
  ask: Ask = askGit,
): Promise<BaseRevision | undefined> {
  if (asked !== undefined) {
    const commit = await ask("rev-parse", "--verify", "--quiet", `${asked}^{commit}`);
    if (commit !== undefined) return { commit, name: asked };
    throw new FlwrError("invalid-argument", `git knows no revision "${asked}" here`, {
      hints: ["Fetch it, or name another: git log --oneline shows those that there are"],
    });
  }
  const tag = await ask("describe", "--tags", "--abbrev=0", "HEAD^");
  const tagged = tag && await ask("rev-parse", "--verify", "--quiet", `${tag}^{commit}`);
  if (tagged) return { commit: tagged, name: tag };
  // In a shallow copy the oldest commit seems to make every file.
  if (await ask("rev-parse", "--is-shallow-repository") !== "false") return undefined;
  const named = await ask(
    "log",
    "-1",
    "--format=%H",
    "-G",
    '^ *"version":',
    "HEAD^",
    "--",
    "deno.json",
  );
  if (!named) return undefined;
  const config = await ask("show", `${named}:deno.json`);
  return { commit: named, name: versionOf(config) ?? named.slice(0, 8) };
}

/** The version in a deno.json. */
export function versionOf(config: string | undefined): string | undefined {
  return /^ *"version": "([^"]+)"/m.exec(config ?? "")?.[1];
}
