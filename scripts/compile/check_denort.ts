import { FlwrError } from "../../base/error.ts";

/**
 * Checks that DENORT_BIN, if it is set, names a file: Deno's own words for it are a bare "No such file".
 *
 * @param path the variable's value
 * @throws FlwrError "not-found"
 */
export async function checkDenort(path: string | undefined): Promise<void> {
  if (path === undefined || path === "") return;
  const info = await Deno.stat(path).catch(() => undefined);
  if (info?.isFile) return;
  throw new FlwrError("not-found", `DENORT_BIN names no file: "${path}"`, {
    hints: [
      `It has to be denort ${Deno.version.deno}, unpacked, for the platform of the executable`,
      "Without DENORT_BIN, Deno downloads it",
    ],
  });
}
