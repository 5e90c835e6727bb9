import { join, resolve } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { denoSettings, writeLink } from "./editor_files.ts";
import { typesUrl } from "./installation.ts";
import { MAX_CHECK_OUTPUT } from "./limits.ts";

const TYPED = /\.[mc]?tsx?$/;

/**
 * Checks the types of an app's modules, as `deno check` does. Deno remembers what it has checked: the second time takes
 * less than a tenth of a second.
 *
 * @param folder the app's
 * @param modules the files that its components are in; those in JavaScript have no types to check
 * @returns false where no Deno is there to check with: inside an executable
 * @throws FlwrError "failed-precondition" with what the type checker found
 */
export async function checkApp(folder: string, modules: readonly string[]): Promise<boolean> {
  const typed = modules.filter((module) => TYPED.test(module));
  if (typed.length === 0) return true;
  if (Deno.build.standalone) return false;
  const settings = await denoSettings(folder);
  if (settings === "ours") {
    await writeLink(folder);
    await check(folder, typed, []);
  } else if (settings === "other" && await knowsFlwr(folder)) {
    await check(folder, typed, []);
  } else {
    await using config = await TemporaryConfig.make();
    await check(folder, typed, ["--config", config.path]);
  }
  return true;
}

/** Whether the folder's own deno.json says what "flwr" is. */
async function knowsFlwr(folder: string): Promise<boolean> {
  const { success } = await run(folder, ["eval", "--ext=ts", 'import.meta.resolve("flwr")']);
  return success;
}

async function check(
  folder: string,
  modules: readonly string[],
  flags: readonly string[],
): Promise<void> {
  const files = modules.map((module) => resolve(folder, module));
  const { success, stderr } = await run(folder, ["check", "--quiet", ...flags, ...files]);
  if (success) return;
  const found = new TextDecoder().decode(stderr).replace(/\n*Stack backtrace:[^]*$/, "").trim();
  throw new FlwrError(
    "failed-precondition",
    `The app has type errors: nothing was sent\n${found.slice(0, MAX_CHECK_OUTPUT)}`,
    { hints: ["Fix them, or send the app without the check: --no-check"] },
  );
}

function run(folder: string, args: readonly string[]): Promise<Deno.CommandOutput> {
  return new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).output();
}

/** Settings for a folder that has none, or none that name "flwr". */
class TemporaryConfig implements AsyncDisposable {
  private constructor(readonly path: string, readonly folder: string) {}

  static async make(): Promise<TemporaryConfig> {
    const folder = await Deno.makeTempDir({ prefix: "flwr-check-" });
    const path = join(folder, "deno.json");
    await Deno.writeTextFile(
      path,
      JSON.stringify({ imports: { flwr: typesUrl().href }, compilerOptions: { strict: true } }),
    );
    return new TemporaryConfig(path, folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true }).catch(() => {});
  }
}
