import type { Argument, Command, Option } from "commander";
import type { CommandTable } from "../../flags/command_table.ts";
import { suggestArgument } from "./suggest_argument.ts";
import { FILES, type Suggestion } from "./suggestion.ts";

/**
 * Suggests completions for the last word of a command line.
 *
 * @param words the words after "flwr". The last one, which may be empty, is to be completed
 * @returns the suggestions that begin with it, or {@link FILES}
 */
export async function suggest(
  words: readonly string[],
  table: CommandTable,
): Promise<Suggestion[]> {
  const typed = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const suggestions = await suggestAfter(before, typed, table);
  return suggestions.filter((suggestion) =>
    suggestion === FILES || suggestion.value.startsWith(typed)
  );
}

async function suggestAfter(
  before: readonly string[],
  typed: string,
  table: CommandTable,
): Promise<Suggestion[]> {
  const [name, ...rest] = before;
  if (name === undefined) {
    return table.listed().map(({ name, summary }) => ({ value: name, summary }));
  }
  const root = await table.load(name);
  if (root === undefined) return [];
  const place = placeAfter(root, rest);
  if (place.awaiting !== undefined) return choicesOf(place.awaiting);
  if (typed.startsWith("-") && !place.onlyArguments) return optionsOf(place.command, rest);
  const commands = place.argument === 0 ? subcommandsOf(place.command) : [];
  const argument = argumentAt(place.command.registeredArguments, place.argument);
  const values = argument === undefined ? [] : await suggestArgument(argument);
  // After "flwr supernode" subcommands are suggested, not file names.
  return commands.length > 0 ? [...commands, ...values.filter((value) => value !== FILES)] : values;
}

/** The position of a word in a command line. */
interface Place {
  readonly command: Command;
  /** The option whose value the word is. */
  readonly awaiting?: Option;
  /** Number of arguments before the word. */
  readonly argument: number;
  /** Whether "--" precedes the word, which then cannot be an option. */
  readonly onlyArguments: boolean;
}

function placeAfter(root: Command, words: readonly string[]): Place {
  let command = root;
  let argument = 0;
  let awaiting: Option | undefined;
  let onlyArguments = false;
  for (const word of words) {
    if (awaiting !== undefined) {
      awaiting = undefined;
    } else if (word === "--" && !onlyArguments) {
      onlyArguments = true;
    } else if (word.startsWith("-") && !onlyArguments) {
      const option = command.options.find(({ long, short }) => word === long || word === short);
      if (option?.required) awaiting = option;
    } else {
      const child = argument === 0 ? childOf(command, word) : undefined;
      if (child === undefined) argument += 1;
      else command = child;
    }
  }
  return { command, argument, onlyArguments, ...(awaiting && { awaiting }) };
}

function childOf(command: Command, word: string): Command | undefined {
  return command.commands.find((child) => child.name() === word || child.aliases().includes(word));
}

function argumentAt(args: readonly Argument[], index: number): Argument | undefined {
  const last = args.at(-1);
  return args[index] ?? (last?.variadic ? last : undefined);
}

function subcommandsOf(command: Command): Suggestion[] {
  return command.createHelp().visibleCommands(command)
    .filter((child) => child.name() !== "help")
    .map((child) => ({ value: child.name(), summary: firstSentence(child.description()) }));
}

function optionsOf(command: Command, words: readonly string[]): Suggestion[] {
  return command.createHelp().visibleOptions(command)
    .filter(({ long, short }) => !words.includes(long ?? "") && !words.includes(short ?? ""))
    .map(({ long, description }) => ({ value: long!, summary: firstSentence(description) }));
}

function choicesOf({ argChoices, flags }: Option): Suggestion[] {
  if (argChoices !== undefined) return argChoices.map((value) => ({ value, summary: "" }));
  return /<(file|folder)>/.test(flags) ? [FILES] : [];
}

/** A short description, without the default and the full stop. */
function firstSentence(text: string): string {
  return text.replace(/ \(default: .*$/, "").replace(/\.$/, "");
}
