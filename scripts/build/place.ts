import { join } from "node:path/posix";
import { FlwrError } from "../../base/error.ts";
import { ENTRY } from "../compile/entry_points.ts";

/** A module that is loaded by its URL, as base/load.ts and the hosts of workers do. */
const BY_URL = /new URL\(\s*"([^"]+\.ts)",\s*import\.meta\.url/g;

/** Expressions that are wrong in a module that was joined with others into one file. */
const OF_ONE_FILE = /import\.meta\.(main|dirname|filename|resolve\(\s*["'`]\.)/;

/** The only module that may ask whether it was started: no other module imports it. */
const MAY_ASK = ENTRY;

/**
 * Name of the file that a module becomes in a build. All files of a build are in one folder, so each can refer to the
 * others by name, whichever file a module was joined into.
 *
 * @param module its path in the project
 */
export function builtFile(module: string): string {
  return `${module.replace(/\.ts$/, "").replaceAll("/", ".")}.js`;
}

/** The file with which a build is started. */
export const BUILT_ENTRY: string = builtFile(ENTRY);

/**
 * Rewrites a module's references to its own location. A module that it loads by URL becomes that module's file in the
 * build; any other `import.meta.url` becomes the URL that it would have if the project were in the build's folder.
 *
 * @param module its path in the project
 * @throws FlwrError "internal" when it uses an expression that is not available in a build
 */
export function placeInBuild(module: string, source: string): string {
  const asked = OF_ONE_FILE.exec(source)?.[0];
  if (asked !== undefined && module !== MAY_ASK) {
    throw new FlwrError("internal", `"${module}" uses ${asked}, which is not available in a build`);
  }
  const own = `new URL(${JSON.stringify(`./${module}`)}, import.meta.url).href`;
  return source.split(BY_URL).map((part, i) =>
    i % 2 === 0
      ? part.replaceAll("import.meta.url", own)
      : `new URL(${JSON.stringify(`./${builtFile(join(module, "..", part))}`)}, import.meta.url`
  ).join("");
}
