/** Every flag and task that the README names exists, its default addresses are the real ones; docs/flags.md has all. */
import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { RECOMMENDED_DENO } from "../../rpc/deno_version.ts";
import { repositoryPath } from "../support/repository.ts";
import { codeBlocks, codeSpans, commandLines, prose, unformatted } from "./markdown.ts";
import { flagsPage } from "./flag_tables.ts";
import { denoArgs, README } from "./readme.ts";

/** Flags of Deno itself that the documents tell of. */
const DENOS_OWN: ReadonlySet<string> = new Set(["--cached-only", "--frozen", "--no-remote"]);

/** A command with flags that stand beside it. */
interface Mention {
  /** As "flwr superlink" or "deno task demo". */
  readonly command: string;
  readonly flags: readonly string[];
}

Deno.test("readme: every flag is in the --help of its command", async () => {
  const mentions = [...mentionsInBlocks(), ...mentionsInTables()];
  const commands = [...new Set(mentions.map(({ command }) => command))];
  const helps = new Map(
    await Promise.all(commands.map(async (command) => [command, await helpOf(command)] as const)),
  );
  const known = new Map([...helps].map(([command, help]) => [command, flagsIn(help)]));
  for (const { command, flags } of mentions) {
    for (const flag of flags) assert.ok(known.get(command)!.has(flag), `${command} has ${flag}`);
  }
  const anywhere = new Set([...known.values()].flatMap((flags) => [...flags]));
  for (const flag of codeSpans(prose(README)).flatMap(flagsOf)) {
    assert.ok(anywhere.has(flag) || flag === "--quiet", `${flag} is a flag of some command`);
  }
  assert.match(helps.get("flwr superlink")!, /default: "127\.0\.0\.1:9092"/);
  assert.match(helps.get("flwr superlink")!, /default: "127\.0\.0\.1:9091"/);
  assert.match(helps.get("flwr superlink")!, /default: "127\.0\.0\.1:9093"/);
  assert.match(helps.get("flwr superlink")!, /default: "8000"/);
});

Deno.test("readme: every task exists, and the Deno is the one that servers are made for", () => {
  const tasks = [...README.matchAll(/\btask (?:--quiet )?([a-z][a-z-]*)/g)].map((match) =>
    match[1]!
  );
  assert.ok(tasks.includes("demo") && tasks.includes("test"));
  assert.deepEqual(tasks.filter((task) => !Object.hasOwn(manifest.tasks, task)), []);
  const versions = [...README.matchAll(/\bdeno@([\d.]+\d)/g)].map((match) => match[1]!);
  assert.deepEqual([...new Set(versions)], [RECOMMENDED_DENO]);
});

Deno.test("docs/flags.md: every command with its flags, as the commands have them", async () => {
  const page = await Deno.readTextFile(repositoryPath("docs/flags.md"));
  assert.deepEqual(
    unformatted(page),
    unformatted(await flagsPage()),
    "make it anew: deno task docs",
  );
});

for (const document of ["docs/reference.md", "docs/threat-model.md"]) {
  Deno.test(`${document}: every flag that it names is a flag of some command`, async () => {
    const tasks = flagsIn(await helpOf("deno task compile"));
    const flags = new Set([...flagsOf(await flagsPage()), ...tasks]);
    const text = prose(await Deno.readTextFile(repositoryPath(document)));
    const named = codeSpans(text).flatMap(flagsOf);
    assert.ok(named.length > 10);
    assert.deepEqual(named.filter((flag) => !flags.has(flag) && !DENOS_OWN.has(flag)), []);
  });
}

function mentionsInBlocks(): Mention[] {
  return codeBlocks(README)
    .filter(({ language }) => language === "sh")
    .flatMap(({ text }) => commandLines(text))
    .map((words) => ({ command: commandOf(words), flags: words.flatMap(flagsOf) }))
    .filter(({ flags }) => flags.length > 0);
}

/** Rows whose first cell holds commands; the flags are in any other. */
function mentionsInTables(): Mention[] {
  return README.split("\n").filter((line) => line.startsWith("|")).flatMap((row) => {
    const [first = "", ...others] = row.split("|").slice(1, -1);
    const flags = codeSpans(others.join(" ")).flatMap(flagsOf);
    return codeSpans(first)
      .filter((span) => /^(flwr|deno task) /.test(span))
      .map((span) => ({ command: commandOf(span.split(" ")), flags }));
  });
}

/** The words that name a command: those before the first that is a value. */
function commandOf(words: readonly string[]): string {
  const start = words[0] === "npx" ? ["deno", ...words.slice(3)] : words;
  const end = start.findIndex((word) => !/^[a-z-]+$/.test(word) || word.startsWith("-"));
  return start.slice(0, end < 0 ? undefined : end).join(" ");
}

function flagsOf(text: string): string[] {
  return [...text.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map((match) => match[0]);
}

async function helpOf(command: string): Promise<string> {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [...denoArgs(command.split(" ")), "--help"],
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(code, 0, `${command} --help`);
  return new TextDecoder().decode(stdout).replaceAll(/(default:)\s+/g, "$1 ");
}

/** The flags that a help text explains, each at the start of its line. */
function flagsIn(help: string): Set<string> {
  return new Set(
    [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z][a-z-]*)/gm)].map((match) => match[1]!),
  );
}
