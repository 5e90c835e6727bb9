import { join } from "node:path";
import { FlwrError } from "../../../../base/error.ts";
import { labelFault, nameFault } from "../../../../fab/label.ts";
import { writeEditorFiles } from "../types/editor_files.ts";
import { type Placeholders, readTemplate, type Template } from "./template.ts";

/** An app to create. */
export interface AppPlan extends Placeholders {
  readonly template: Template;
  /** The folder in which the app's folder is created. */
  readonly parent: string;
}

/**
 * Creates an app from a template. Its folder must not exist, so no files are overwritten.
 *
 * @returns the app's folder, and its files
 * @throws FlwrError "invalid-argument" for an invalid name or publisher, "already-exists" when the folder exists,
 *   "failed-precondition" when it cannot be written
 */
export async function createApp(
  { name, publisher, template, parent }: AppPlan,
): Promise<{ folder: string; files: string[] }> {
  const fault = nameFault(name);
  if (fault !== undefined) {
    throw new FlwrError("invalid-argument", `The app's name ${fault}`, {
      hints: ["Use a letter, then letters, digits and hyphens, at most 32 characters"],
    });
  }
  const publisherFault = labelFault(publisher);
  if (publisherFault !== undefined) {
    throw new FlwrError("invalid-argument", `The publisher ${publisherFault}`, {
      hints: ["Give another one with --publisher"],
    });
  }
  const texts = await readTemplate(template, { name, publisher });
  const folder = join(parent, name);
  await makeFolder(folder);
  for (const [file, text] of texts) {
    await Deno.writeTextFile(join(folder, file), text, { createNew: true });
  }
  const settings = await writeEditorFiles(folder);
  return { folder, files: [...texts.keys(), ...settings] };
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder);
  } catch (cause) {
    if (cause instanceof Deno.errors.AlreadyExists) {
      throw new FlwrError("already-exists", `"${folder}" already exists`, {
        hints: [
          "Give the app another name, or move that folder: existing files are never overwritten",
        ],
      });
    }
    throw new FlwrError("failed-precondition", `Cannot create folder "${folder}"`, { cause });
  }
}
