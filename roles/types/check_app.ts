import { join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import type { AppModule } from "../app_module.ts";
import { typesUrl } from "./installation.ts";
import { MAX_CHECK_OUTPUT } from "./limits.ts";

const TYPED = /\.[mc]?tsx?$/;

/** A component to check. */
export interface Component extends AppModule {
  /** What its module must export. */
  readonly kind: "ClientApp" | "ServerApp";
}

/**
 * Checks the types of an app's modules, as `deno check` does, and that each exports what its component names. Deno
 * remembers what it has checked: the second time takes less than a tenth of a second.
 *
 * The app may be somebody else's, so nothing of it is run or written: the check has settings of its own and none of the
 * app's, and takes no packages and nothing from the network, which a sandbox does not have either.
 *
 * @param components those in JavaScript have no types to check
 * @returns false where no Deno is there to check with: inside an executable
 * @throws FlwrError "failed-precondition" with what the type checker found
 */
export async function checkApp(components: readonly Component[]): Promise<boolean> {
  const typed = components.filter(({ file }) => TYPED.test(file));
  if (typed.length === 0) return true;
  if (Deno.build.standalone) return false;
  const folder = await Deno.makeTempDir({ prefix: "flwr-check-" });
  try {
    const [config, entry] = [join(folder, "deno.json"), join(folder, "components.ts")];
    await Deno.writeTextFile(config, JSON.stringify(settings()));
    await Deno.writeTextFile(entry, entryOf(typed));
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", ...ISOLATED, "--config", config, entry],
      // Settings of npm are looked for here.
      cwd: folder,
      env: { NO_COLOR: "1" },
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw refused(new TextDecoder().decode(stderr), entry);
  } finally {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
  }
  return true;
}

/** Without packages no script of one is run, and no registry is asked. */
const ISOLATED = ["--no-npm", "--no-remote", "--no-lock", "--node-modules-dir=none"];

function settings() {
  return { imports: { flwr: typesUrl().href }, compilerOptions: { strict: true } };
}

/** A module that uses what the components export as what they must be. */
function entryOf(components: readonly Component[]): string {
  const lines = components.map(({ url, exportName, kind }, i) =>
    `import { ${exportName} as app${i} } from ${JSON.stringify(url)};\napp${i} satisfies ${kind};\n`
  );
  return `import type { ClientApp, ServerApp } from "flwr";\n${lines.join("")}`;
}

function refused(found: string, entry: string): FlwrError {
  const text = found.replace(/\n*Stack backtrace:[^]*$/, "")
    .replaceAll(new RegExp(`^.*at .*${RegExp.escape(entry)}.*\n?`, "gm"), "").trim();
  return new FlwrError(
    "failed-precondition",
    `The app has type errors: nothing was sent\n${text.slice(0, MAX_CHECK_OUTPUT)}`,
    { hints: ["Fix them, or send the app without the check: --no-check"] },
  );
}
