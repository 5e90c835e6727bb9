import { join } from "node:path";
import { utf8Length } from "../../base/characters.ts";
import { FlwrError } from "../../base/error.ts";
import { type AppConfig, languagesOf } from "../app_config.ts";
import { attachmentFault, checkAttachmentSizes, describeAttachment } from "../attachments.ts";
import type { LocalAttachment } from "../fab.ts";
import { MAX_FAB_BYTES } from "../limits.ts";
import { tableAt, type TomlTable } from "../toml/value.ts";

/** The files of an app: those in its FAB, and its attachments, which are sent separately. */
export interface AppParts {
  readonly chosen: readonly string[];
  readonly attached: readonly string[];
}

/**
 * The files listed in `attachments` in [tool.flwr.app]. The list has no patterns, because data must not leave a machine
 * by accident.
 *
 * @param there all paths of the app's folder
 * @throws FlwrError invalid-argument, naming the entry
 */
export function listedAttachments(
  tables: TomlTable,
  config: AppConfig,
  there: ReadonlySet<string>,
): string[] {
  const value = tableAt(tables, "tool", "flwr", "app")?.get("attachments");
  if (value === undefined) return [];
  const key = '"attachments" in [tool.flwr.app]';
  if (languagesOf(config) !== "typescript") {
    throw new FlwrError("invalid-argument", `${key} is for TypeScript apps only`, {
      hints: ["Remove it: Flower does not send attachments for Python apps"],
    });
  }
  if (!Array.isArray(value) || !value.every((path) => typeof path === "string")) {
    throw new FlwrError("invalid-argument", `${key} is not a list of paths`, {
      hints: ['Write it as attachments = ["model.onnx"]'],
    });
  }
  const paths = value as string[];
  for (const [index, path] of paths.entries()) {
    if (!there.has(path)) {
      throw new FlwrError("invalid-argument", `${key} names no file of the app: "${path}"`, {
        hints: [
          'Write paths relative to the app\'s folder, with "/", such as "models/resnet18.onnx"',
        ],
      });
    }
    const fault = attachmentFault(path);
    if (fault !== undefined) {
      throw new FlwrError("invalid-argument", `${key} names "${path}", which ${fault}`);
    }
    if (paths.indexOf(path) !== index) {
      throw new FlwrError("invalid-argument", `${key} names "${path}" twice`);
    }
  }
  return paths;
}

/**
 * Decides which files of an app become attachments: the listed ones and, if the others are too large for a FAB, ONNX
 * files, largest first, until the rest fits.
 */
export async function chooseAttachments(
  root: string,
  chosen: readonly string[],
  { listed, isLink, config }: {
    readonly listed: readonly string[];
    /** Whether the path is a refused link. */
    readonly isLink: (path: string) => boolean;
    readonly config: AppConfig;
  },
): Promise<AppParts> {
  if (languagesOf(config) !== "typescript") return { chosen, attached: [] };
  const rest = new Set(chosen);
  for (const path of listed) rest.delete(path);
  const sizes = new Map<string, number>();
  for (const path of rest) if (!isLink(path)) sizes.set(path, await sizeOf(root, path));
  let total = [...sizes].reduce((sum, [path, size]) => sum + size + overhead(path), 0);
  const models = [...sizes]
    .filter(([path]) => path.endsWith(".onnx") && attachmentFault(path) === undefined)
    .sort(([, a], [, b]) => b - a);
  const attached = [...listed];
  for (const [path, size] of models) {
    if (total <= MAX_FAB_BYTES) break;
    total -= size + overhead(path);
    rest.delete(path);
    attached.push(path);
  }
  return { chosen: [...rest], attached };
}

/** Checks the sizes of attachments and hashes them. @throws FlwrError if one is empty, too large or unreadable */
export async function describeAttachments(
  root: string,
  paths: readonly string[],
): Promise<LocalAttachment[]> {
  const sizes: { path: string; size: number }[] = [];
  for (const path of paths) sizes.push({ path, size: await sizeOf(root, path) });
  const empty = sizes.find(({ size }) => size === 0);
  if (empty !== undefined) {
    throw new FlwrError("invalid-argument", `Attachment "${empty.path}" is empty`);
  }
  checkAttachmentSizes(
    sizes,
    (how) =>
      new FlwrError("resource-exhausted", `The app cannot be sent: ${how}`, {
        hints: ["Exclude files with fab-exclude in [tool.flwr.app], or with .gitignore"],
      }),
  );
  const attachments: LocalAttachment[] = [];
  for (const path of paths) {
    const file = fileOf(root, path);
    try {
      attachments.push({ ...await describeAttachment(path, file), file });
    } catch (cause) {
      throw unreadable(file, cause);
    }
  }
  return attachments;
}

/** Upper bound of the bytes that a file needs in a FAB besides its content: two archive headers and a list entry. */
function overhead(path: string): number {
  return 200 + 3 * utf8Length(path);
}

async function sizeOf(root: string, path: string): Promise<number> {
  try {
    return (await Deno.stat(fileOf(root, path))).size;
  } catch (cause) {
    throw unreadable(fileOf(root, path), cause);
  }
}

function fileOf(root: string, path: string): string {
  return join(root, ...path.split("/"));
}

function unreadable(file: string, cause: unknown): FlwrError {
  return new FlwrError("failed-precondition", `"${file}" cannot be read`, { cause });
}
