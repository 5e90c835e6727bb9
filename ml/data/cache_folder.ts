import { isAbsolute, join } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { processEnvironment, type UserEnvironment } from "./user_environment.ts";

/**
 * The folder for files that can be downloaded or computed again: FLWR_CACHE, or `flwr` in the platform's cache folder
 * ($XDG_CACHE_HOME or ~/.cache, ~/Library/Caches, %LOCALAPPDATA%). It need not exist.
 *
 * @throws FlwrError "failed-precondition" when the environment determines no such folder
 */
export function cacheFolder(environment: UserEnvironment = processEnvironment): string {
  const own = environment.get("FLWR_CACHE");
  if (own) return own;
  const place = platformCache(environment);
  if (place !== undefined) return join(place, "flwr");
  throw new FlwrError(
    "failed-precondition",
    "Cannot find a folder for cached files: the home folder is unknown",
    {
      hints: ["Set FLWR_CACHE to a folder"],
    },
  );
}

function platformCache({ get, os }: UserEnvironment): string | undefined {
  if (os === "windows") return get("LOCALAPPDATA");
  const home = get("HOME");
  if (os === "darwin") return home && join(home, "Library", "Caches");
  const xdg = get("XDG_CACHE_HOME");
  // The XDG specification requires relative paths to be ignored.
  return xdg && isAbsolute(xdg) ? xdg : home && join(home, ".cache");
}
