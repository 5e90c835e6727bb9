import { FlwrError } from "../../base/error.ts";

/**
 * Checks that DENORT_BIN, if it is set, names a file. Deno's own message would only be "No such file".
 *
 * @param path the variable's value
 * @throws FlwrError "not-found" when there is no such file
 */
export async function checkDenort(path: string | undefined): Promise<void> {
  if (path === undefined || path === "") return;
  const info = await Deno.stat(path).catch(() => undefined);
  if (info?.isFile) return;
  throw new FlwrError("not-found", `DENORT_BIN names a file that does not exist: "${path}"`, {
    hints: [
      `It must be denort ${Deno.version.deno}, unpacked, for the platform of the executable`,
      "Without DENORT_BIN, Deno downloads it",
    ],
  });
}
