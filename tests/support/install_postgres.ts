import { findPostgres, NO_POSTGRES } from "./postgres.ts";

/** Debian's switch that forbids packages to start services: the tests start a server of their own. */
const POLICY = "/usr/sbin/policy-rc.d";
const FORBID = "#!/bin/sh\nexit 101\n";

/** Installs PostgreSQL in CI, where this user may: as root on Debian. Elsewhere it says that there is none. */
export async function installPostgres(say: (line: string) => void): Promise<void> {
  if (findPostgres() !== undefined) return;
  if (Deno.env.get("CI") === undefined || Deno.uid() !== 0) return say(NO_POSTGRES);
  say("Installing PostgreSQL");
  const hadPolicy = await Deno.stat(POLICY).then(() => true, () => false);
  if (!hadPolicy) await Deno.writeTextFile(POLICY, FORBID, { mode: 0o755 });
  try {
    await run("apt-get", "update");
    await run("apt-get", "install", "--yes", "--no-install-recommends", "postgresql");
  } catch (error) {
    // The tests themselves fail then.
    say(`PostgreSQL was not installed: ${error instanceof Error ? error.message : error}`);
  } finally {
    if (!hadPolicy) await Deno.remove(POLICY);
  }
}

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, {
    args,
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`${command} ${args[0]}: ${new TextDecoder().decode(stderr)}`);
}
