import { join } from "node:path";

/** Licences for npm packages that do not contain theirs. */
const FOLDER = new URL("./licenses/", import.meta.url);

/** Names of files with the terms of a package. */
const LICENSE_FILE = /^(licen[sc]e|copying|notice)(\.(md|txt))?$/i;

/**
 * The licences of everything in the self-extracting file, as one text.
 *
 * @param project the project's folder
 * @param packages folders of the npm packages whose code is in the build, as paths in the project
 */
export async function licenses(project: string, packages: readonly string[]): Promise<string> {
  const parts = [
    part("flwr", await Deno.readTextFile(join(project, "LICENSE"))),
    part("Deno (https://deno.com)", await Deno.readTextFile(new URL("deno.txt", FOLDER))),
    part(
      "ONNX Runtime (https://onnxruntime.ai); what it contains: ThirdPartyNotices.txt of its sources",
      await Deno.readTextFile(new URL("onnxruntime.txt", FOLDER)),
    ),
  ];
  for (const folder of packages) parts.push(await licenseOf(join(project, folder)));
  return parts.join("\n");
}

async function licenseOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(
    await Deno.readTextFile(join(folder, "package.json")),
  );
  const files = (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name)
    .filter((file) => LICENSE_FILE.test(file)).toSorted();
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(join(folder, file))));
  return part(`${name} ${version}`, texts.length > 0 ? texts.join("\n") : `License: ${license}\n`);
}

function part(title: string, text: string): string {
  return `${"=".repeat(78)}\n${title}\n${"=".repeat(78)}\n\n${text.trimEnd()}\n`;
}
