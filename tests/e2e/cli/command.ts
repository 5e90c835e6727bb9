import { type Outcome, runCommand } from "../../packaging/command.ts";
import { repositoryPath } from "../../support/repository.ts";

/** What a command that ended left behind, without the line ends at the end. */
export type { Outcome };

/** Runs `flwr` with a folder of Flower's own, as a user would in a folder. */
export async function flwr(
  home: string,
  args: readonly string[],
  { cwd = home, env = {} }: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<Outcome> {
  const outcome = await runCommand(
    Deno.execPath(),
    ["run", "-A", "--quiet", repositoryPath("main.ts"), ...args],
    { cwd, env: { FLWR_HOME: home, ...env } },
  );
  return { ...outcome, stdout: outcome.stdout.trimEnd(), stderr: outcome.stderr.trimEnd() };
}

/** Writes a config.toml that names one SuperLink, `here`, as the default. */
export async function writeConfig(home: string, ...lines: readonly string[]): Promise<void> {
  const text = ["[superlink]", 'default = "here"', "[superlink.here]", ...lines, ""].join("\n");
  await Deno.mkdir(home, { recursive: true });
  await Deno.writeTextFile(`${home}/config.toml`, text);
}
