import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { repositoryPath } from "../support/repository.ts";
import { type CodeBlock, codeBlocks } from "./markdown.ts";

/** The README's text. */
export const README: string = Deno.readTextFileSync(repositoryPath("README.md"));

const NPX = ["npx", "-y", "deno@2.9.3"];

/** The blocks of one language under a heading. */
export function blocksUnder(heading: string, language: string): CodeBlock[] {
  const blocks = codeBlocks(README).filter((block) =>
    block.heading === heading && block.language === language
  );
  assert.ok(blocks.length > 0, `README.md has ${language} blocks under "${heading}"`);
  return blocks;
}

/**
 * What to give this Deno for a command line as the README writes it, so that it runs from any folder: `flwr …`,
 * `deno task …` or `npx -y deno@2.9.3 task …`.
 */
export function denoArgs(commandLine: readonly string[]): string[] {
  const [program, ...rest] = NPX.every((word, index) => commandLine[index] === word)
    ? ["deno", ...commandLine.slice(NPX.length)]
    : commandLine;
  if (program === "flwr") return ["run", "-A", repositoryPath("main.ts"), ...rest];
  assert.deepEqual([program, rest[0]], ["deno", "task"], commandLine.join(" "));
  const name = rest[1]!;
  const tasks: Readonly<Record<string, string>> = manifest.tasks;
  const script = /^deno run -A (\S+)$/.exec(tasks[name] ?? "")?.[1];
  assert.ok(script !== undefined, `task "${name}" runs a script`);
  return ["run", "-A", repositoryPath(script), ...rest.slice(2)];
}

/** Writes the two files of the README's own app into a folder. */
export async function writeOwnApp(folder: string): Promise<void> {
  for (const { introduction, text } of blocksUnder("Your own app", "ts")) {
    const file = /`(client|server)\.ts`/.exec(introduction)?.[0].replaceAll("`", "");
    assert.ok(file !== undefined, `"${introduction}" names the file`);
    await Deno.writeTextFile(`${folder}/${file}`, `${text}\n`);
  }
}
