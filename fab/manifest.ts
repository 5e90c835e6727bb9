import { FlwrError } from "../base/error.ts";
import { readAppFile } from "./app_folder.ts";
import { parseToml } from "./toml/parse.ts";
import { tableAt, type TomlTable } from "./toml/value.ts";

/** Name of an app's manifest. In a FAB it always has this name, at the top level. */
export const MANIFEST = "pyproject.toml";

/** Alternative name with the same tables, for apps without Python. In a FAB it is renamed to {@link MANIFEST}. */
export const OWN_MANIFEST = "flwr.toml";

/** The tables of an app's manifest, and the name of its file. */
export interface Manifest {
  readonly file: typeof MANIFEST | typeof OWN_MANIFEST;
  readonly tables: TomlTable;
}

/**
 * Reads an app's manifest: pyproject.toml or flwr.toml, whichever has the table `[tool.flwr.app]`.
 *
 * @param has whether the app's folder has a file with this path
 * @throws FlwrError not-found if there is neither file; invalid-argument if both have the table or a file is not TOML
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
  // Without the table, the first file is used, so that the error lists what it lacks.
  const manifest = apps[0] ?? found[0];
  if (manifest !== undefined) return manifest;
  throw new FlwrError(
    "not-found",
    `"${folder}" is not an app folder: found neither "${MANIFEST}" nor "${OWN_MANIFEST}"`,
    { hints: ["Create an app with: flwr new"] },
  );
}

/** The manifest for a FAB: without `[tool.flwr.federations]`, which only concerns the submitter. */
export function withoutFederations(tables: TomlTable): TomlTable {
  const tool = tableAt(tables, "tool");
  const flwr = tableAt(tables, "tool", "flwr");
  if (tool === undefined || flwr?.has("federations") !== true) return tables;
  const rest = new Map(flwr);
  rest.delete("federations");
  // Setting an existing key keeps its position.
  return new Map(tables).set("tool", new Map(tool).set("flwr", rest));
}
