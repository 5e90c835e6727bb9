import { isBuiltin } from "node:module";
import { join, relative } from "node:path/posix";
import type { Plugin } from "esbuild";
import { LIBRARY } from "../compile/entry_points.ts";
import { builtFile, placeInBuild } from "./place.ts";

/**
 * Rewrites the project's modules for their place in the build. The module that apps import stays a file of its own, so
 * that a thread that may not read files has loaded it before an app imports it.
 */
export function placing(project: string): Plugin {
  const library = join(project, LIBRARY);
  return {
    name: "placing",
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /\/mod\.ts$/ }, ({ kind, path, resolveDir }) => {
        if (kind !== "import-statement" || join(resolveDir, path) !== library) return undefined;
        return { path: `./${builtFile(LIBRARY)}`, external: true };
      });
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const module = relative(project, path);
        if (module.startsWith("node_modules/")) return undefined;
        if (module.startsWith("..")) throw new Error(`"${path}" is not the project's`);
        return { contents: placeInBuild(module, await Deno.readTextFile(path)), loader: "ts" };
      });
    },
  };
}

/**
 * Replaces calls of `require` for Node's modules in CommonJS packages by imports, because ES modules have no `require`.
 */
export const requiredBuiltins: Plugin = {
  name: "required builtins",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /./ }, ({ kind, path }) => {
      if (kind !== "require-call" || !isBuiltin(path)) return undefined;
      return { path: path.replace(/^node:/, ""), namespace: "required" };
    });
    onLoad({ filter: /./, namespace: "required" }, ({ path }) => ({
      contents: `import builtin from "node:${path}";\nmodule.exports = builtin;`,
    }));
  },
};

/**
 * Node's modules that packages import at their start but rarely need, for reading the help's width or starting a
 * command as a separate program. Deno takes 20 ms to load them.
 */
const NEEDED_LATER: Readonly<Record<string, readonly string[]>> = {
  commander: ["node:child_process", "node:fs", "node:process"],
};

/** Loads the modules of {@link NEEDED_LATER} when they are first used. */
export const lateBuiltins: Plugin = {
  name: "late builtins",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^node:/ }, ({ importer, path }) => {
      const name = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(importer)
        ?.[1];
      if (name === undefined || !NEEDED_LATER[name]?.includes(path)) return undefined;
      return { path, namespace: "late" };
    });
    onLoad({ filter: /./, namespace: "late" }, ({ path }) => ({
      contents: `export default new Proxy({}, {
        get: (_, name) => process.getBuiltinModule(${JSON.stringify(path)})[name],
      });`,
    }));
  },
};
