import { isBuiltin } from "node:module";
import { join, relative } from "node:path/posix";
import type { Plugin } from "esbuild";
import { LIBRARY } from "../compile/entry_points.ts";
import { builtFile, placeInBuild } from "./place.ts";

/**
 * Lets modules of the project know their place in the build. Whoever imports what apps import gets it by its own file: a
 * thread that may read no files has loaded that, too, before an app asks for it.
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
 * What packages of the older module kind `require` of Node's own modules, they import: a module of the newer kind has no
 * `require`.
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
 * Node's own modules that packages import at their start and need, if ever, later: reading the help's width, starting a
 * command that is a program of its own. Deno takes 20 ms to load these.
 */
const NEEDED_LATER: Readonly<Record<string, readonly string[]>> = {
  commander: ["node:child_process", "node:fs", "node:process"],
};

/** Loads what {@link NEEDED_LATER} lists when something of it is asked for. */
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
