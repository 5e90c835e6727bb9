import { join } from "node:path/posix";
import { FlwrError } from "../../base/error.ts";
import { ENTRY } from "../compile/entry_points.ts";

/** A module that is loaded by its URL, as base/load.ts and the hosts of workers name it. */
const BY_URL = /new URL\(\s*"([^"]+\.ts)",\s*import\.meta\.url/g;

/** What says nothing true about a module once it lies in one file with others. */
const OF_ONE_FILE = /import\.meta\.(main|dirname|filename|resolve\(\s*["'`]\.)/;

/** The only module that may ask whether it is what was started: no other one imports it. */
const MAY_ASK = ENTRY;

/**
 * The file of a module that something is started with, in a build. All files of a build lie in one folder, so that each
 * finds each by its name, wherever the code of a module has ended up.
 *
 * @param module its path in the project
 */
export function builtFile(module: string): string {
  return `${module.replace(/\.ts$/, "").replaceAll("/", ".")}.js`;
}

/** What a build is started with. */
export const BUILT_ENTRY: string = builtFile(ENTRY);

/**
 * Rewrites what a module says about its own place: a module that it loads by URL becomes the file of that in the build,
 * and any other `import.meta.url` what it would be if the project lay where the build does.
 *
 * @param module its path in the project
 * @throws FlwrError "internal" when it asks for something that cannot be answered in a build
 */
export function placeInBuild(module: string, source: string): string {
  const asked = OF_ONE_FILE.exec(source)?.[0];
  if (asked !== undefined && module !== MAY_ASK) {
    throw new FlwrError("internal", `"${module}" uses ${asked}, which a build has no answer for`);
  }
  const own = `new URL(${JSON.stringify(`./${module}`)}, import.meta.url).href`;
  return source.split(BY_URL).map((part, i) =>
    i % 2 === 0
      ? part.replaceAll("import.meta.url", own)
      : `new URL(${JSON.stringify(`./${builtFile(join(module, "..", part))}`)}, import.meta.url`
  ).join("");
}
