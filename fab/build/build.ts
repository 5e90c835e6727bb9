import { resolve } from "node:path";
import { FlwrError } from "../../base/error.ts";
import { type AppConfig, missingRecommendations, readAppConfig } from "../app_config.ts";
import { listFiles, readAppFile } from "../app_folder.ts";
import { sha256Hex } from "../../base/platform.ts";
import { CONTENTS_PATH, contentsLine } from "../contents.ts";
import { ATTACHMENTS_PATH, writeAttachmentList } from "../attachments.ts";
import { describeAttachments, divide, listedAttachments } from "./attach.ts";
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
 * Makes a bundle of an app's folder. The same files give the same bytes as Flower's own `flwr build` on Unix.
 *
 * ONNX files of a TypeScript app that would make its bundle too large become attachments, which travel beside it, and
 * so do the files that `attachments` in [tool.flwr.app] lists.
 *
 * An app whose manifest is flwr.toml is bundled as if that file were its pyproject.toml, so that every SuperLink and
 * SuperNode can read what it is.
 *
 * @throws FlwrError "not-found" for a folder that is no app's, "invalid-argument" naming what is wrong with the app,
 *   "resource-exhausted" for a bundle beyond the limits
 */
export async function buildFab(folder: string): Promise<Fab> {
  const root = resolve(folder);
  const { files: there, refused } = await listFiles(root);
  for (const path of [MANIFEST, OWN_MANIFEST, ".gitignore"]) checkLink(path, refused);
  const manifest = await readManifest(root, (path) => there.includes(path));
  const all = new Set([...there, ...refused.keys()]);
  const config = readAppConfig(manifest.tables, manifest.file, (path) => all.has(path));
  const parts = await divide(root, await choose(root, [...all], manifest, config), {
    listed: listedAttachments(manifest.tables, config, all),
    isLink: (path) => refused.has(path),
    config,
  });
  const { chosen, attached } = parts;
  for (const path of [...chosen, ...attached]) checkLink(path, refused);
  // The manifest and the list of contents come on top, and that of attachments where there are any.
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

/** Refuses a file that a link would bring into the bundle from elsewhere, or not at all. */
function checkLink(path: string, refused: ReadonlyMap<string, string>): void {
  const problem = refused.get(path);
  if (problem === undefined) return;
  throw new FlwrError("invalid-argument", problem, {
    hints: ["Put the files themselves there, or leave the link out by a line in .gitignore"],
  });
}

/** The files that go into the bundle beside its manifest, in its order. */
async function choose(
  root: string,
  there: readonly string[],
  { file, tables }: Manifest,
  { language }: AppConfig,
): Promise<string[]> {
  const app = tableAt(tables, "tool", "flwr", "app")!;
  const ignored = there.includes(".gitignore") ? await readAppFile(root, ".gitignore") : undefined;
  const chosen = selectFiles(there, {
    language,
    ignored: ignoreLines(ignored),
    include: patterns(app, "fab-include"),
    exclude: patterns(app, "fab-exclude"),
  });
  return chosen.filter((path) => path !== file || file !== OWN_MANIFEST);
}

/**
 * The lines of a .gitignore file, as Python splits them. One that is not UTF-8 is refused: Flower's own takes it to say
 * nothing, and then publishes what it names.
 */
function ignoreLines(bytes: Uint8Array = new Uint8Array()): string[] {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.split(LINE_ENDS).map((line) => line.trim());
  } catch (cause) {
    throw new FlwrError("invalid-argument", 'The app\'s ".gitignore" is not UTF-8 text', {
      hints: ["Save it as UTF-8: what it names would get into the bundle otherwise"],
      cause,
    });
  }
}

// deno-lint-ignore no-control-regex -- what Python's splitlines() takes for line ends
const LINE_ENDS = /\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]/;

/** Patterns whose form `readAppConfig` has checked. */
function patterns(app: TomlTable, key: string): string[] | undefined {
  return app.get(key) as string[] | undefined;
}

/** Holds the files to what a bundle may have, as its readers will. */
function checkChosen(paths: readonly string[], tables: TomlTable, most: number): void {
  for (const path of paths) {
    const fault = pathFault(path);
    if (fault !== undefined) {
      throw new FlwrError("invalid-argument", `"${path}" cannot be in a bundle: it ${fault}`);
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
      `"${license}", which [project] names as its license, is not among the files of the bundle`,
    );
  }
}

/** An app without its components would only be found out when it is started. */
function checkModules({ tables, file }: Manifest, chosen: readonly string[]): void {
  const inBundle = new Set(chosen);
  try {
    readAppConfig(tables, file, (path) => inBundle.has(path));
  } catch (error) {
    const { code, message } = FlwrError.from(error);
    throw new FlwrError(code, message, {
      cause: error,
      hints: [
        "The file is in the folder, but .gitignore, fab-include or fab-exclude leaves it out",
      ],
    });
  }
}

function checkSize(bytes: number): void {
  if (bytes > MAX_FAB_BYTES) throw tooLarge(`more than ${MAX_FAB_BYTES} bytes`);
}

function tooLarge(what: string): FlwrError {
  return new FlwrError("resource-exhausted", `The app's bundle would have ${what}`, {
    hints: ["Leave files out with fab-exclude in [tool.flwr.app], or with .gitignore"],
  });
}
