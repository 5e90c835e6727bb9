import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { FlwrError } from "../../../../base/error.ts";
import { sha256Hex } from "../../../../base/platform.ts";
import { flwrHome } from "../../../../fab/home.ts";
import { findAppModule } from "../../../../hosting/app/app_module.ts";
import { onShutdown } from "../../../flags/shutdown.ts";
import { typesUrl } from "./installation.ts";
import { PassedChecks } from "./passed_checks.ts";
import { runGuarded } from "./run_guarded.ts";

/** Characters of the type checker's output that are shown. */
const MAX_CHECK_OUTPUT = 20_000;

/** Seconds that a check of an app's types may take: it takes one. */
const CHECK_SECONDS = 120;

/** Files that a type checker looks at. */
const CODE = /\.([mc]?[jt]sx?|json)$/;
const TYPED = /\.[mc]?tsx?$/;

/** An app to check. */
export interface AppToCheck {
  /** The files that are sent, by their paths. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Where they come from, for what the type checker says of them. */
  readonly folder: string;
  /** Its components as "module:object". */
  readonly components: Readonly<Partial<Record<"ServerApp" | "ClientApp", string>>>;
}

/**
 * Checks the types of an app's modules, as `deno check` does, and that each exports what its component names. What has
 * passed is remembered by the hash of its code: the second time costs nothing, also where settings or data are others.
 *
 * The app may be somebody else's, so nothing of it is run, and nothing is written to its folder: a copy of what is sent is
 * checked, with settings of its own and none of the app's, without packages and without the network, which a sandbox does
 * not have either.
 *
 * @param signal ends the check
 * @returns false where no Deno is there to check with: inside an executable
 * @throws FlwrError "failed-precondition" with what the type checker found, or that it took too long; "cancelled" by the
 *   signal or after Ctrl-C
 */
export async function checkApp(app: AppToCheck, signal?: AbortSignal): Promise<boolean> {
  const { files, folder, components } = app;
  if (!await isUnchecked(app)) return !(hasTypes(app) && Deno.build.standalone);
  // Ctrl-C ends the check and leaves nothing behind.
  using shutdown = onShutdown();
  const stopped = signal === undefined
    ? shutdown.signal
    : AbortSignal.any([shutdown.signal, signal]);
  await using copy = await Copy.make(files);
  const entry = await copy.writeEntry(components);
  // What fails with few of Deno's declarations is checked again with all of them, which takes twice as long.
  const found = await copy.check("few", entry, stopped) &&
    await copy.check("all", entry, stopped);
  if (found === undefined) {
    await passedChecks().add(hashOf(app));
    return true;
  }
  throw refused(found.replaceAll(copy.appUrl, pathToFileURL(resolve(folder)).href), entry);
}

/** Whether {@link checkApp} has something to do: the app has types, and has not passed yet. */
export async function isUnchecked(app: AppToCheck): Promise<boolean> {
  return hasTypes(app) && !Deno.build.standalone && !await passedChecks().has(hashOf(app));
}

/** Of all that the type checker is given. */
function hashOf({ files, components }: AppToCheck): string {
  const code = [...files].filter(([path]) => CODE.test(path))
    .map(([path, content]) => [path, sha256Hex(content)]);
  return sha256Hex(JSON.stringify([code.sort(), components]));
}

function hasTypes({ files }: AppToCheck): boolean {
  return [...files.keys()].some((file) => TYPED.test(file));
}

function passedChecks(): PassedChecks {
  return new PassedChecks(join(flwrHome(), "checked"));
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

  /** The app's folder as Deno writes it in its messages. */
  get appUrl(): string {
    return pathToFileURL(this.app).href;
  }

  /** Writes a module that holds the app's components against their types. @returns its path */
  async writeEntry(components: AppToCheck["components"]): Promise<string> {
    const lines = await Promise.all(
      Object.entries(components).map(async ([kind, spec], i) => {
        const { file, url, exportName } = await findAppModule(spec, this.app);
        // JavaScript has no types to hold against.
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

  /** Checks a module with few or all of Deno's declarations. @returns what was found; undefined where nothing was */
  async check(
    declarations: "few" | "all",
    entry: string,
    stopped: AbortSignal,
  ): Promise<string | undefined> {
    const few = declarations === "few";
    const config = join(this.folder, "deno.json");
    await Deno.writeTextFile(config, JSON.stringify(few ? settings(FEW) : settings()));
    const globals = join(this.folder, "globals.d.ts");
    if (few) await Deno.writeTextFile(globals, GLOBALS);
    const late = AbortSignal.timeout(CHECK_SECONDS * 1000);
    try {
      const { success, stderr } = await runGuarded({
        program: Deno.execPath(),
        args: [
          ...["check", "--quiet", ...ISOLATED, "--config", config, entry],
          ...(few ? [globals] : []),
        ],
        // Settings of npm are looked for here.
        cwd: this.folder,
        env: { NO_COLOR: "1" },
        signal: AbortSignal.any([late, stopped]),
      });
      return success ? undefined : stderr;
    } catch (error) {
      if (stopped.aborted) throw wasInterrupted();
      throw late.aborted ? tookTooLong() : error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true }).catch(() => {});
  }
}

/** Without packages no script of one is run, and no registry is asked. */
const ISOLATED = ["--no-npm", "--no-remote", "--no-lock", "--node-modules-dir=none"];

/** Deno's declarations without those of Node.js, which take half of the time to read. */
const FEW = [
  "esnext",
  ...["ns", "console", "url", "web", "fetch", "crypto"].map((name) => `deno.${name}`),
];

/** Globals that Deno declares beside those of Node.js. */
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
 * Declarations are believed, as most projects have it: to check ours and the platform's takes a sixth of the time.
 *
 * @param lib Deno's own by default
 */
function settings(lib?: readonly string[]) {
  return {
    imports: { flwr: typesUrl().href },
    compilerOptions: { strict: true, skipLibCheck: true, ...(lib !== undefined && { lib }) },
  };
}

function wasInterrupted(): FlwrError {
  return new FlwrError("cancelled", "You stopped the type check, so the app was not sent");
}

function tookTooLong(): FlwrError {
  return new FlwrError(
    "failed-precondition",
    `The type check took longer than ${CHECK_SECONDS} s, so the app was not sent`,
    { hints: ["Simplify the app's types, or skip the check with --no-check"] },
  );
}

function refused(found: string, entry: string): FlwrError {
  const text = found.replace(/\n*Stack backtrace:[^]*$/, "")
    .replaceAll(new RegExp(`^.*at .*${RegExp.escape(entry)}.*\n?`, "gm"), "").trim();
  return new FlwrError(
    "failed-precondition",
    `The app has type errors, so it was not sent\n${text.slice(0, MAX_CHECK_OUTPUT)}`,
    { hints: ["Fix them, or skip the check with --no-check"] },
  );
}
