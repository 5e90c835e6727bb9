import { resolve } from "node:path";
import { FlwrError } from "../../base/error.ts";
import {
  type AppConfig,
  languagesOf,
  missingRecommendations,
  readAppConfig,
} from "../app_config.ts";
import { listFiles, readAppFile } from "../app_folder.ts";
import { sha256Hex } from "../../base/platform.ts";
import { CONTENTS_PATH, contentsLine } from "../contents.ts";
import { ATTACHMENTS_PATH, writeAttachmentList } from "../attachments.ts";
import { chooseAttachments, describeAttachments, listedAttachments } from "./choose_attachments.ts";
import type { Fab } from "../fab.ts";
import { requiredLicense } from "../format_version.ts";
import { MAX_FAB_BYTES, MAX_FAB_FILES } from "../limits.ts";
import {
  MANIFEST,
  type Manifest,
  OWN_MANIFEST,
  readManifest,
  withoutFederations,
} from "../manifest.ts";
import { collision, pathFault } from "../path.ts";
import { selectFiles } from "./select_files.ts";
import { tableAt, type TomlTable } from "../toml/value.ts";
import { writeToml } from "../toml/write.ts";
import { writeZip } from "../../base/zip/write.ts";

/**
 * Builds the FAB of an app's folder. The bytes equal those of Flower's own `flwr build` on Unix.
 *
 * Files listed in `attachments` in [tool.flwr.app], and ONNX files for which a TypeScript app's FAB has no room, become
 * attachments, which are sent separately.
 *
 * The manifest flwr.toml becomes pyproject.toml in the FAB, which every SuperLink and SuperNode can read.
 *
 * @throws FlwrError not-found if the folder has no app; invalid-argument, naming what is wrong with the app;
 *   resource-exhausted if the FAB is too large
 */
export async function buildFab(folder: string): Promise<Fab> {
  const root = resolve(folder);
  const { files: there, refused } = await listFiles(root);
  for (const path of [MANIFEST, OWN_MANIFEST, ".gitignore"]) checkLink(path, refused);
  const manifest = await readManifest(root, (path) => there.includes(path));
  const all = new Set([...there, ...refused.keys()]);
  const config = readAppConfig(manifest.tables, manifest.file, (path) => all.has(path));
  const parts = await chooseAttachments(root, await choose(root, [...all], manifest, config), {
    listed: listedAttachments(manifest.tables, config, all),
    isLink: (path) => refused.has(path),
    config,
  });
  const { chosen, attached } = parts;
  for (const path of [...chosen, ...attached]) checkLink(path, refused);
  // Besides the chosen files, the FAB has the manifest, the list of contents and, if any, the list of attachments.
  const records = attached.length > 0 ? 3 : 2;
  checkChosen([...chosen, ...attached], manifest.tables, MAX_FAB_FILES - records);
  checkModules(manifest, chosen);
  const files: [string, Uint8Array][] = [[
    MANIFEST,
    new TextEncoder().encode(writeToml(withoutFederations(manifest.tables))),
  ]];
  let total = 0;
  for (const path of chosen) {
    const content = await readAppFile(root, path);
    total += content.length;
    checkSize(total);
    files.push([path, content]);
  }
  const attachments = await describeAttachments(root, attached);
  if (attachments.length > 0) files.push([ATTACHMENTS_PATH, writeAttachmentList(attachments)]);
  const contents = files.map(([path, content]) => contentsLine(path, content)).join("\n");
  const content = writeZip([...files, [CONTENTS_PATH, new TextEncoder().encode(contents)]]);
  checkSize(content.length);
  const warnings = missingRecommendations(manifest.tables);
  return { content, hash: sha256Hex(content), config, warnings, attachments };
}

/** Refuses a file that is a link out of the app's folder, a broken link, or behind a linked folder. */
function checkLink(path: string, refused: ReadonlyMap<string, string>): void {
  const problem = refused.get(path);
  if (problem === undefined) return;
  throw new FlwrError("invalid-argument", problem, {
    hints: ["Replace the link by the files, or exclude it in .gitignore"],
  });
}

/** Selects the files for the FAB in addition to its manifest, in their order there. */
async function choose(
  root: string,
  there: readonly string[],
  { file, tables }: Manifest,
  config: AppConfig,
): Promise<string[]> {
  const app = tableAt(tables, "tool", "flwr", "app")!;
  const ignored = there.includes(".gitignore") ? await readAppFile(root, ".gitignore") : undefined;
  const chosen = selectFiles(there, {
    language: languagesOf(config),
    ignored: ignoreLines(ignored),
    include: patterns(app, "fab-include"),
    exclude: patterns(app, "fab-exclude"),
  });
  return chosen.filter((path) => path !== file || file !== OWN_MANIFEST);
}

/**
 * The lines of a .gitignore file, split as in Python. A file that is not UTF-8 is refused. Flower ignores such a file,
 * and would publish the files that it lists.
 */
function ignoreLines(bytes: Uint8Array = new Uint8Array()): string[] {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.split(LINE_ENDS).map((line) => line.trim());
  } catch (cause) {
    throw new FlwrError("invalid-argument", 'The app\'s ".gitignore" is not UTF-8 text', {
      hints: ["Save it as UTF-8. Otherwise the ignored files would be published"],
      cause,
    });
  }
}

// deno-lint-ignore no-control-regex -- the line breaks of Python's splitlines()
const LINE_ENDS = /\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]/;

/** Patterns of a key. `readAppConfig` has checked their types. */
function patterns(app: TomlTable, key: string): string[] | undefined {
  return app.get(key) as string[] | undefined;
}

/** Checks the files like a reader of the FAB does. */
function checkChosen(paths: readonly string[], tables: TomlTable, most: number): void {
  for (const path of paths) {
    const fault = pathFault(path);
    if (fault !== undefined) {
      throw new FlwrError("invalid-argument", `"${path}" cannot be bundled: it ${fault}`);
    }
  }
  const clash = collision(paths);
  if (clash !== undefined) throw new FlwrError("invalid-argument", clash);
  if (paths.length > most) {
    throw tooLarge(`more than ${MAX_FAB_FILES} files`);
  }
  const license = requiredLicense(tables);
  if (license !== undefined && !paths.includes(license)) {
    throw new FlwrError(
      "invalid-argument",
      `"${license}", the license named in [project], is not among the bundled files`,
    );
  }
}

/** Checks that the components' modules are bundled. Otherwise the app would fail only when it starts. */
function checkModules({ tables, file }: Manifest, chosen: readonly string[]): void {
  const inBundle = new Set(chosen);
  try {
    readAppConfig(tables, file, (path) => inBundle.has(path));
  } catch (error) {
    const { code, message } = FlwrError.from(error);
    throw new FlwrError(code, message, {
      cause: error,
      hints: [
        "The file exists, but .gitignore, fab-include or fab-exclude excludes it",
      ],
    });
  }
}

function checkSize(bytes: number): void {
  if (bytes > MAX_FAB_BYTES) throw tooLarge(`more than ${MAX_FAB_BYTES} bytes`);
}

function tooLarge(what: string): FlwrError {
  return new FlwrError("resource-exhausted", `The app's bundle would have ${what}`, {
    hints: ["Exclude files with fab-exclude in [tool.flwr.app], or with .gitignore"],
  });
}
