import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { globalTypes, readBuiltGlobals } from "./installation.ts";
import { runGuarded } from "./run_guarded.ts";

/** Package with TypeScript's native compiler: its name in deno.json. */
const COMPILER = "typescript-native";

/**
 * Verdict of the native compiler. "unjudged" means that Deno might resolve the app's imports differently, so only Deno's
 * own check can tell.
 */
export type NativeVerdict = "passed" | "failed" | "unjudged";

/** An app whose types are checked natively. */
export interface NativeCheckOptions {
  /** The app's code files, by path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Folder for the compiler's own files. Contains a copy of the app's files in the subfolder `app`. */
  readonly folder: string;
  /** The components: their kinds, and the paths and exports of their modules. */
  readonly components: readonly {
    readonly kind: string;
    readonly file: string;
    readonly exportName: string;
  }[];
  /** Types of the library. */
  readonly libraryTypes: string;
  /** Globals that Deno declares together with those of Node.js. */
  readonly globals: string;
  /** Ends the check. */
  readonly signal: AbortSignal;
}

/**
 * Checks an app's types with TypeScript's native compiler, which takes a sixth of the processor time of `deno check`. The
 * declarations are Deno's own. An app that fails must be checked with Deno, whose messages users know, and which also
 * accepts imports that this compiler does not.
 *
 * @returns "unjudged" also if the compiler is not installed
 * @throws the signal's reason when the signal ended the check
 */
export async function checkNatively(
  { files, folder, components, libraryTypes, globals, signal }: NativeCheckOptions,
): Promise<NativeVerdict> {
  const compiler = await nativeCompiler();
  if (compiler === undefined || !resolvesAlike(files)) return "unjudged";
  if (components.some(({ file }) => !MODULE.test(file))) return "unjudged";
  const imports = components.map(({ kind, file, exportName }, i) =>
    `import { ${exportName} as app${i} } from ${JSON.stringify(`./app/${file}`)};\n` +
    `app${i} satisfies ${kind};\n`
  );
  const head = 'import type { ClientApp, ServerApp } from "flwr";\n';
  const deno = await readBuiltGlobals() ?? new TextDecoder().decode(await globalTypes());
  // Without it, types that the library uses would be unknown, and unknown types fit everything.
  if (!deno.includes("declare namespace Deno")) return "unjudged";
  const texts = {
    "tsconfig.json": JSON.stringify(SETTINGS),
    "native.ts": head + imports.join(""),
    "native-flwr.d.ts": libraryTypes,
    "native-deno.d.ts": deno + globals,
  };
  for (const [name, text] of Object.entries(texts)) {
    await Deno.writeTextFile(join(folder, name), text);
  }
  const args = ["--project", join(folder, "tsconfig.json")];
  const { success } = await runGuarded({ program: compiler, args, cwd: folder, env: {}, signal });
  return success ? "passed" : "failed";
}

/** Compiler settings: Deno's own defaults. {@link resolvesAlike} checks that imports name files, as Deno requires. */
const SETTINGS = {
  compilerOptions: {
    target: "esnext",
    module: "esnext",
    moduleResolution: "bundler",
    moduleDetection: "force",
    allowImportingTsExtensions: true,
    isolatedModules: true,
    noImplicitOverride: true,
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    lib: ["esnext"],
    types: [],
    paths: { flwr: ["./native-flwr.d.ts"] },
  },
  files: ["native.ts", "native-deno.d.ts"],
};

/** Modules whose names mean the same as a path and as a URL, and which no other file can stand for. */
const MODULE = /^(?!.*\.d\.)[\w./ -]+\.m?ts$/;
/** An import or export from a module. */
const SPECIFIER = /\b(?:from|import)\s*\(?\s*(["'`])(.*?)\1/g;
/** Comments and imports that the two compilers do not read alike. */
const UNLIKE =
  /@(?:deno|ts)-types|\/\/\/\s*<reference|\brequire\b|@jsx|\b(?:from|import)\s*\(?\s*\/[/*]/;
/** Files of an app that change how TypeScript resolves imports. */
const SETTINGS_FILE = /(?:^|\/)package\.json$|\.d\.[mc]?ts$/;

/**
 * Whether TypeScript resolves all imports of an app as Deno does: those of existing TypeScript modules by their whole
 * names, and of the library.
 */
export function resolvesAlike(files: ReadonlyMap<string, Uint8Array>): boolean {
  const decoder = new TextDecoder();
  for (const [path, content] of files) {
    if (SETTINGS_FILE.test(path)) return false;
    if (!/\.[mc]?[jt]sx?$/.test(path)) continue;
    const text = decoder.decode(content);
    if (UNLIKE.test(text)) return false;
    for (const [, , specifier] of text.matchAll(SPECIFIER)) {
      if (specifier === "flwr") continue;
      if (!/^\.\.?\//.test(specifier!) || !MODULE.test(specifier!)) return false;
      const { pathname } = new URL(specifier!, `file:///${path}`);
      if (!files.has(decodeURI(pathname.slice(1)))) return false;
    }
  }
  return true;
}

/** Path of the compiler's program for this machine. Undefined if it is not installed. */
export async function nativeCompiler(): Promise<string | undefined> {
  const { os, arch } = Deno.build;
  const platform = `${os === "windows" ? "win32" : os}-${arch === "aarch64" ? "arm64" : "x64"}`;
  const program = os === "windows" ? "tsc.exe" : "tsc";
  try {
    const manifest = fileURLToPath(import.meta.resolve(`${COMPILER}/package.json`));
    const packages = dirname(dirname(await Deno.realPath(manifest)));
    const path = join(packages, "@typescript", `typescript-${platform}`, "lib", program);
    return (await Deno.stat(path)).isFile ? path : undefined;
  } catch {
    // Not installed: a copy of the program without its packages, or another platform.
    return undefined;
  }
}
