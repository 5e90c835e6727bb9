import { hasChromium, NO_CHROMIUM } from "./chromium_program.ts";
import { hasHaproxy, NO_HAPROXY } from "./haproxy.ts";
import { findPostgres, NO_POSTGRES } from "./postgres.ts";

/** Debian's packages that tests need, whether each is there, and the line that says that it is not. */
const PACKAGES = [
  { name: "postgresql", isThere: () => findPostgres() !== undefined, lack: NO_POSTGRES },
  { name: "haproxy", isThere: hasHaproxy, lack: NO_HAPROXY },
  { name: "chromium", isThere: hasChromium, lack: NO_CHROMIUM },
] as const;

/** Debian's switch that forbids packages to start services: the tests start a server of their own. */
const POLICY = "/usr/sbin/policy-rc.d";
const FORBID = "#!/bin/sh\nexit 101\n";

/** Installs Debian's packages in CI, where this user may: as root on Debian. Elsewhere it says what is missing. */
export async function installPackages(say: (line: string) => void): Promise<void> {
  const missing = PACKAGES.filter(({ isThere }) => !isThere());
  if (missing.length === 0) return;
  if (Deno.env.get("CI") === undefined || Deno.uid() !== 0) {
    for (const { lack } of missing) say(lack);
    return;
  }
  const names = missing.map(({ name }) => name);
  say(`Installing ${names.join(" and ")}`);
  const hadPolicy = await Deno.stat(POLICY).then(() => true, () => false);
  if (!hadPolicy) await Deno.writeTextFile(POLICY, FORBID, { mode: 0o755 });
  try {
    await run("apt-get", "update");
    await run("apt-get", "install", "--yes", "--no-install-recommends", ...names);
  } catch (error) {
    // The tests themselves fail then.
    say(`Not installed: ${error instanceof Error ? error.message : error}`);
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
