import { FlwrError } from "../base/error.ts";
import { readAppFile } from "./app_folder.ts";
import { parseToml } from "./toml/parse.ts";
import { tableAt, type TomlTable } from "./toml/value.ts";

/** The file in which an app says what it is; in a bundle always under this name, at its top. */
export const MANIFEST = "pyproject.toml";

/** A file with the same tables, for apps that have nothing to do with Python: in a bundle it becomes the one above. */
export const OWN_MANIFEST = "flwr.toml";

/** What an app says of itself, and which of the two files says it. */
export interface Manifest {
  readonly file: typeof MANIFEST | typeof OWN_MANIFEST;
  readonly tables: TomlTable;
}

/**
 * Reads an app's manifest: of its pyproject.toml and flwr.toml the one with the table `[tool.flwr.app]`.
 *
 * @param has whether the app's folder has a file of the given path
 * @throws FlwrError "not-found" when it has neither, "invalid-argument" when both say what the app is, or when one is
 *   no TOML
 */
export async function readManifest(
  folder: string,
  has: (path: string) => boolean,
): Promise<Manifest> {
  const found: Manifest[] = [];
  for (const file of [MANIFEST, OWN_MANIFEST] as const) {
    if (!has(file)) continue;
    found.push({ file, tables: parseToml(await readAppFile(folder, file), file) });
  }
  const apps = found.filter(({ tables }) => tableAt(tables, "tool", "flwr", "app") !== undefined);
  if (apps.length > 1) {
    throw new FlwrError(
      "invalid-argument",
      `Both "${MANIFEST}" and "${OWN_MANIFEST}" in "${folder}" have a [tool.flwr.app] section`,
      { hints: ["Keep one of them"] },
    );
  }
  // Without an app's table the first is as good as any: what it lacks is told to the user.
  const manifest = apps[0] ?? found[0];
  if (manifest !== undefined) return manifest;
  throw new FlwrError(
    "not-found",
    `"${folder}" is not an app folder: found neither "${MANIFEST}" nor "${OWN_MANIFEST}"`,
    { hints: ['"flwr new" makes an app'] },
  );
}

/** The manifest as it goes into a bundle: without `[tool.flwr.federations]`, which is the submitter's own matter. */
export function withoutFederations(tables: TomlTable): TomlTable {
  const tool = tableAt(tables, "tool");
  const flwr = tableAt(tables, "tool", "flwr");
  if (tool === undefined || flwr?.has("federations") !== true) return tables;
  const rest = new Map(flwr);
  rest.delete("federations");
  // Setting a key that is there keeps its place.
  return new Map(tables).set("tool", new Map(tool).set("flwr", rest));
}
