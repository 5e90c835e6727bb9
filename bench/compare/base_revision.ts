import { FlwrError } from "../../base/error.ts";
import RELEASES from "../history/releases.json" with { type: "json" };
import { askGit } from "./git.ts";

/** An earlier version to compare with. */
export interface BaseRevision {
  /** The commit's whole id. */
  readonly commit: string;
  /** What people call it: a tag, a version, or what they asked for. */
  readonly name: string;
}

/** A release, with the last commit of it. */
interface Release {
  readonly version: string;
  readonly commit: string;
}

/** Asks git; tests answer in its place. */
type Ask = (...args: readonly string[]) => Promise<string | undefined>;

/**
 * The version to compare with: the one that was asked for; otherwise the last tag before this commit; in a repository
 * without tags, the newest release of bench/history/releases.json whose commit this copy has.
 *
 * @returns undefined where there is none: no git, a copy without history, or no release before
 * @throws FlwrError "invalid-argument" for a revision that git does not know
 */
export async function baseRevision(
  asked: string | undefined,
  ask: Ask = askGit,
  releases: readonly Release[] = RELEASES,
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
  for (const { version, commit } of releases) {
    const there = await ask("rev-parse", "--verify", "--quiet", `${commit}^{commit}`);
    if (there) return { commit: there, name: version };
  }
  return undefined;
}

/** The version in a deno.json. */
export function versionOf(config: string | undefined): string | undefined {
  return /^ *"version": "([^"]+)"/m.exec(config ?? "")?.[1];
}
