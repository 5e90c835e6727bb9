import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { FlwrError } from "../../../../base/error.ts";
import { sha256Hex } from "../../../../base/platform.ts";
import { flwrHome } from "../../../../fab/home.ts";
import { findAppModule } from "../../../../hosting/app/app_module.ts";
import { onShutdown } from "../../../flags/shutdown.ts";
import { readTypes, typesUrl, withoutComments } from "./installation.ts";
import { checkNatively, type NativeVerdict } from "./native_check.ts";
import { PassedChecks } from "./passed_checks.ts";
import { runGuarded } from "./run_guarded.ts";

/** Maximum number of characters of the type checker's output to show. */
const MAX_CHECK_OUTPUT = 20_000;

/** Timeout of the check of an app's types, in seconds. It usually takes 1 s. */
const CHECK_SECONDS = 120;

/** Files that the type checker reads. */
const CODE = /\.([mc]?[jt]sx?|json)$/;
/** Files with types. */
const TYPED = /\.[mc]?tsx?$/;

/** An app to check. */
export interface AppToCheck {
  /** The files of its bundle, by path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The app's folder, for the type checker's messages. */
  readonly folder: string;
  /** Its components as "module:object". */
  readonly components: Readonly<Partial<Record<"ServerApp" | "ClientApp", string>>>;
}

/**
 * Runs a check of an app's types.
 *
 * @param signal stops it
 * @throws FlwrError "failed-precondition" with the type errors, or when the check took too long; "cancelled" by the
 *   signal or after Ctrl-C
 */
export type TypeCheck = (signal?: AbortSignal) => Promise<void>;

/**
 * The check that an app still needs: of the types of its modules, like `deno check`, and of the components that they
 * export. A passed check is remembered by the hash of the code, so it is not repeated when only settings or data
 * change.
 *
 * The app may come from someone else, so none of its code is run, and nothing is written to its folder. A copy of its
 * files is checked, without the app's own settings, packages and network, which a sandbox does not have either.
 *
 * @returns undefined if the app has passed or has no types, and inside a compiled executable, which has no type checker
 */
export async function neededTypeCheck(app: AppToCheck): Promise<TypeCheck | undefined> {
  if (Deno.build.standalone || !hasTypes(app)) return undefined;
  const hash = hashOf(app);
  const passed = new PassedChecks(join(flwrHome(), "checked"));
  if (await passed.has(hash)) return undefined;
  return async (signal) => {
    await checkApp(app, signal);
    await passed.add(hash);
  };
}

async function checkApp(
  { files, folder, components }: AppToCheck,
  signal?: AbortSignal,
): Promise<void> {
  // After Ctrl-C the copy must be removed.
  using shutdown = onShutdown();
  const stopped = signal === undefined
    ? shutdown.signal
    : AbortSignal.any([shutdown.signal, signal]);
  await using copy = await AppCopy.create(files);
  const entry = await copy.writeEntry(components);
  const verdict = await copy.checkNatively(components, stopped);
  if (verdict === "passed") return;
  // A check with few of Deno's declarations takes half the time. If it fails, all of them may be needed, and the errors
  // that are shown refer to the installed files.
  if (verdict === "unjudged" && await copy.check("few", entry, stopped) === undefined) return;
  const found = await copy.check("all", entry, stopped);
  if (found === undefined) return;
  throw typeErrors(found.replaceAll(copy.appUrl, pathToFileURL(resolve(folder)).href), entry);
}

/** Hash of the type checker's input. */
function hashOf({ files, components }: AppToCheck): string {
  const code = [...files].filter(([path]) => CODE.test(path))
    .map(([path, content]) => [path, sha256Hex(content)]);
  return sha256Hex(JSON.stringify([code.sort(), components]));
}

function hasTypes({ files }: AppToCheck): boolean {
  return [...files.keys()].some((file) => TYPED.test(file));
}

/** A copy of an app's code in a temporary folder. */
class AppCopy implements AsyncDisposable {
  /** The copy's app folder. */
  readonly app: string;

  readonly #files: ReadonlyMap<string, Uint8Array>;

  private constructor(readonly folder: string, files: ReadonlyMap<string, Uint8Array>) {
    this.app = join(folder, "app");
    this.#files = files;
  }

  static async create(files: ReadonlyMap<string, Uint8Array>): Promise<AppCopy> {
    // On some systems /tmp is a link, and Deno's messages have the real path.
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "flwr-check-" }));
    const copy = new AppCopy(folder, files);
    for (const [file, content] of files) {
      if (!CODE.test(file)) continue;
      const path = join(copy.app, file);
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeFile(path, content);
    }
    return copy;
  }

  /** URL of the app folder, as in Deno's messages. */
  get appUrl(): string {
    return pathToFileURL(this.app).href;
  }

  /** Writes a module that checks the components against their types. @returns its path */
  async writeEntry(components: AppToCheck["components"]): Promise<string> {
    const lines = await Promise.all(
      Object.entries(components).map(async ([kind, spec], i) => {
        const { file, url, exportName } = await findAppModule(spec, this.app);
        // A JavaScript module has no types to check.
        return TYPED.test(file)
          ? `import { ${exportName} as app${i} } from ${
            JSON.stringify(url)
          };\napp${i} satisfies ${kind};\n`
          : "";
      }),
    );
    const entry = join(this.folder, "components.ts");
    const head = 'import type { ClientApp, ServerApp } from "flwr";\n';
    await Deno.writeTextFile(entry, head + lines.join(""));
    return entry;
  }

  /** Checks the app and its components with TypeScript's native compiler. */
  async checkNatively(
    components: AppToCheck["components"],
    stopped: AbortSignal,
  ): Promise<NativeVerdict> {
    const late = AbortSignal.timeout(CHECK_SECONDS * 1000);
    try {
      return await checkNatively({
        files: this.#files,
        folder: this.folder,
        components: await Promise.all(
          Object.entries(components).map(async ([kind, spec]) => {
            const { file, exportName } = await findAppModule(spec, this.app);
            return { kind, file: relative(this.app, file), exportName };
          }),
        ),
        libraryTypes: withoutComments(await readTypes()),
        globals: GLOBALS,
        signal: AbortSignal.any([late, stopped]),
      });
    } catch (error) {
      if (stopped.aborted) throw interrupted();
      throw late.aborted ? tookTooLong() : error;
    }
  }

  /** Checks a module with few or all of Deno's declarations. @returns the errors; undefined if there are none */
  async check(
    declarations: "few" | "all",
    entry: string,
    stopped: AbortSignal,
  ): Promise<string | undefined> {
    const few = declarations === "few";
    const config = join(this.folder, "deno.json");
    const globals = join(this.folder, "globals.d.ts");
    if (few) {
      const types = join(this.folder, "flwr.d.ts");
      await Deno.writeTextFile(config, JSON.stringify(settings(pathToFileURL(types), FEW)));
      await Deno.writeTextFile(types, withoutComments(await readTypes()));
      await Deno.writeTextFile(globals, GLOBALS);
    } else await Deno.writeTextFile(config, JSON.stringify(settings(typesUrl())));
    const late = AbortSignal.timeout(CHECK_SECONDS * 1000);
    try {
      const { success, stderr } = await runGuarded({
        program: Deno.execPath(),
        args: [
          ...["check", "--quiet", HEAP, ...ISOLATED, "--config", config, entry],
          ...(few ? [globals] : []),
        ],
        // npm settings are read from the working directory, which here has none.
        cwd: this.folder,
        env: { NO_COLOR: "1" },
        signal: AbortSignal.any([late, stopped]),
      });
      return success ? undefined : stderr;
    } catch (error) {
      if (stopped.aborted) throw interrupted();
      throw late.aborted ? tookTooLong() : error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true }).catch(() => {});
  }
}

/** Options that disable packages, so that no package's script is run and no registry is contacted. */
const ISOLATED = ["--no-npm", "--no-remote", "--no-lock", "--node-modules-dir=none"];

/**
 * V8's option for a young generation that holds most of what the type checker allocates, in MiB. Fewer collections save a
 * sixth of the processor time.
 */
const HEAP = "--v8-flags=--min-semi-space-size=32";

/** Deno's declarations without those of Node.js, which take half of the time. */
const FEW = [
  "esnext",
  ...["ns", "console", "url", "web", "fetch", "crypto"].map((name) => `deno.${name}`),
];

/** Globals that Deno declares together with those of Node.js. */
const GLOBALS = `
interface Timer { ref(): this; unref(): this; [Symbol.toPrimitive](): number }
declare function setTimeout(cb: (...args: any[]) => void, delay?: number, ...args: any[]): Timer;
declare function clearTimeout(id?: Timer): void;
declare function setInterval(cb: (...args: any[]) => void, delay?: number, ...args: any[]): Timer;
declare function clearInterval(id?: Timer): void;
declare function queueMicrotask(func: VoidFunction): void;
declare var console: Console;
declare var performance: { now(): number; readonly timeOrigin: number };
`;

/**
 * Compiler settings. Declaration files are not checked (`skipLibCheck`), as in most projects, which saves a sixth of the
 * time.
 *
 * @param types file with the types of the library
 * @param lib default: Deno's own
 */
function settings(types: URL, lib?: readonly string[]) {
  return {
    imports: { flwr: types.href },
    compilerOptions: { strict: true, skipLibCheck: true, ...(lib !== undefined && { lib }) },
  };
}

function interrupted(): FlwrError {
  return new FlwrError("cancelled", "You stopped the type check, so the app was not sent");
}

function tookTooLong(): FlwrError {
  return new FlwrError(
    "failed-precondition",
    `The type check took longer than ${CHECK_SECONDS} s, so the app was not sent`,
    { hints: ["Simplify the app's types, or skip the check with --no-check"] },
  );
}

function typeErrors(found: string, entry: string): FlwrError {
  const text = found.replace(/\n*Stack backtrace:[^]*$/, "")
    .replaceAll(new RegExp(`^.*at .*${RegExp.escape(entry)}.*\n?`, "gm"), "").trim();
  return new FlwrError(
    "failed-precondition",
    `The app has type errors, so it was not sent\n${text.slice(0, MAX_CHECK_OUTPUT)}`,
    { hints: ["Fix them, or skip the check with --no-check"] },
  );
}
