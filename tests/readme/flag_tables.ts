/**
 * Makes docs/flags.md: every command with its arguments and flags, from the commands themselves.
 *
 *     deno task docs
 */
import type { Argument, Command, Option } from "commander";
import { listedCommands, loadCommand } from "../../roles/commands.ts";

const INTRODUCTION = `# Flags

This page lists every command with its arguments and flags, as \`flwr <command> --help\` shows them. The
[reference](reference.md) explains the settings. Every command also takes \`--no-color\`. Setting NO_COLOR=1 in
its environment does the same.

\`deno task docs\` generates this page, and a test compares it with the commands.
`;

/** The page, before the formatter has it. */
export async function flagsPage(): Promise<string> {
  const commands = await Promise.all(
    listedCommands().map(async (entry) => {
      return sections(await loadCommand(entry), `flwr ${entry.name}`, entry.alias);
    }),
  );
  return [INTRODUCTION, ...commands.flat()].join("\n");
}

/** A command's section, then those of its subcommands. */
function sections(command: Command, path: string, alias?: string): string[] {
  const options = command.options.filter(({ hidden }) => !hidden);
  const own = [
    ...command.registeredArguments.map(argumentRow),
    ...options.map(optionRow),
  ];
  const names = [
    path,
    ...[alias, command.alias()].filter((name) => name !== undefined && name !== ""),
  ];
  const title = names.map((name, index) => index === 0 ? name : `(also ${name})`).join(" ");
  const section = [`## ${title}`, "", command.description(), ""];
  if (own.length > 0) {
    section.push("| argument or flag | meaning | default |", "| --- | --- | --- |", ...own, "");
  }
  const children = command.createHelp().visibleCommands(command)
    .filter((child) => command.commands.includes(child))
    .flatMap((child) => sections(child, `${path} ${child.name()}`));
  return own.length === 0 && children.length > 0 ? children : [section.join("\n"), ...children];
}

function argumentRow(argument: Argument): string {
  const name = argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
  return row(name, argument.description, argument.argChoices, argument.defaultValue);
}

function optionRow(option: Option): string {
  return row(option.flags, option.description, option.argChoices, option.defaultValue);
}

function row(
  name: string,
  description: string,
  choices: readonly string[] = [],
  value: unknown,
): string {
  const { meaning, said } = partDefault(description);
  const unsaid = choices.filter((choice) => !meaning.includes(`"${choice}"`));
  const words = unsaid.length === 0 ? meaning : `${meaning}: ${unsaid.join(", ")}`;
  return `| \`${name}\` | ${cell(words)} | ${cell(said ?? shownDefault(value))} |`;
}

function shownDefault(value: unknown): string {
  if (value === undefined) return "";
  if (value === false) return "off";
  if (Array.isArray(value) && value.length === 0) return "none";
  return String(value);
}

/** Some descriptions end with their default: "… (default: none)". */
function partDefault(description: string): { meaning: string; said?: string } {
  const match = /^(.*) \(default: (.*)\)$/.exec(description);
  return match === null ? { meaning: description } : { meaning: match[1]!, said: match[2]! };
}

/** Text as it stands, whatever Markdown would make of it. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "\\<").replaceAll("*", "\\*");
}
