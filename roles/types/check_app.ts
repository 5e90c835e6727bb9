import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { FlwrError } from "../../base/error.ts";
import { flwrHome } from "../../fab/home.ts";
import { findAppModule } from "../app_module.ts";
import { typesUrl } from "./installation.ts";
import { MAX_CHECK_OUTPUT } from "./limits.ts";
import { PassedChecks } from "./passed_checks.ts";

/** Files that a type checker looks at. */
const CODE = /\.([mc]?[jt]sx?|json)$/;
const TYPED = /\.[mc]?tsx?$/;

/** An app to check. */
export interface AppToCheck {
  /** The files that are sent, by their paths. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** SHA-256 of all of them. */
  readonly hash: string;
  /** Where they come from, for what the type checker says of them. */
  readonly folder: string;
  /** Its components as "module:object". */
  readonly components: Readonly<Partial<Record<"ServerApp" | "ClientApp", string>>>;
}

/**
 * Checks the types of an app's modules, as `deno check` does, and that each exports what its component names. What has
 * passed is remembered by its hash: the second time costs nothing.
 *
 * The app may be somebody else's, so nothing of it is run, and nothing is written to its folder: a copy of what is sent is
 * checked, with settings of its own and none of the app's, without packages and without the network, which a sandbox does
 * not have either.
 *
 * @returns false where no Deno is there to check with: inside an executable
 * @throws FlwrError "failed-precondition" with what the type checker found
 */
export async function checkApp(app: AppToCheck): Promise<boolean> {
  const { files, folder, hash, components } = app;
  if (![...files.keys()].some((file) => TYPED.test(file))) return true;
  if (Deno.build.standalone) return false;
  const passed = new PassedChecks(join(flwrHome(), "checked"));
  if (await passed.has(hash)) return true;
  await using copy = await Copy.make(files);
  const lines = await Promise.all(
    Object.entries(components).map(async ([kind, spec], i) => {
      const { file, url, exportName } = await findAppModule(spec, copy.app);
      // JavaScript has no types to hold against.
      return TYPED.test(file)
        ? `import { ${exportName} as app${i} } from ${
          JSON.stringify(url)
        };\napp${i} satisfies ${kind};\n`
        : "";
    }),
  );
  const [config, entry] = [join(copy.folder, "deno.json"), join(copy.folder, "components.ts")];
  await Deno.writeTextFile(config, JSON.stringify(settings()));
  const head = 'import type { ClientApp, ServerApp } from "flwr";\n';
  await Deno.writeTextFile(entry, head + lines.join(""));
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", ...ISOLATED, "--config", config, entry],
    // Settings of npm are looked for here.
    cwd: copy.folder,
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) {
    await passed.add(hash);
    return true;
  }
  const found = new TextDecoder().decode(stderr)
    .replaceAll(pathToFileURL(copy.app).href, pathToFileURL(resolve(folder)).href);
  throw refused(found, entry);
}

/** The code of an app in a folder that nobody else looks at. */
class Copy implements AsyncDisposable {
  /** Where the app is. */
  readonly app: string;

  private constructor(readonly folder: string) {
    this.app = join(folder, "app");
  }

  static async make(files: ReadonlyMap<string, Uint8Array>): Promise<Copy> {
    // What /tmp leads to has another name on some systems, and Deno says that.
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "flwr-check-" }));
    const copy = new Copy(folder);
    for (const [file, content] of files) {
      if (!CODE.test(file)) continue;
      const path = join(copy.app, file);
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeFile(path, content);
    }
    return copy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true }).catch(() => {});
  }
}

/** Without packages no script of one is run, and no registry is asked. */
const ISOLATED = ["--no-npm", "--no-remote", "--no-lock", "--node-modules-dir=none"];

/** Declarations are believed, as most projects have it: to check ours and the platform's takes a sixth of the time. */
function settings() {
  return {
    imports: { flwr: typesUrl().href },
    compilerOptions: { strict: true, skipLibCheck: true },
  };
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
