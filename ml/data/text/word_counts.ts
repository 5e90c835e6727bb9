import { FlwrError } from "../../../base/error.ts";
import { checkOptionNames, type OptionNames } from "../../../base/option_names.ts";
import { tokenize } from "./tokenize.ts";

/** Words with their numbers of occurrences, the most frequent first; plain data that JSON preserves. */
export type WordCounts = readonly (readonly [word: string, count: number])[];

/** Most different words, so that texts without spaces or a stranger's counts do not take all memory. */
const MAX_WORDS = 1_000_000;
/** Longest word of merged counts, in characters. */
const MAX_WORD_CHARACTERS = 1000;

/** Options of {@link wordCounts}. */
export interface WordCountsOptions {
  /** Minimum number of occurrences of a word in these texts. Rarer words are left out (default 1). */
  readonly minFrequency?: number;
  /** Splits a text into words (default: `tokenize`). */
  readonly tokenize?: (text: string) => readonly string[];
}

const NAMES: OptionNames<WordCountsOptions> = { minFrequency: true, tokenize: true };

/**
 * Counts the words of texts. Nodes send their counts, not their texts, to agree on a vocabulary.
 *
 * The counts reveal which words occur how often at a node. Rare words, such as names, can identify people: leave them out
 * with `minFrequency`.
 *
 * @throws FlwrError "invalid-argument" for options out of range and values that are not texts, "resource-exhausted" for
 * too many different words
 * @example
 * ```ts
 * // ClientApp
 * const counts = wordCounts(texts, { minFrequency: 5 });
 * return { words: new ConfigRecord({ json: JSON.stringify(counts) }) };
 * // ServerApp
 * const words = createVocabulary(mergeWordCounts(replies.map((reply) => reply.content.configRecord("words").string("json"))));
 * ```
 */
export function wordCounts(texts: Iterable<string>, options: WordCountsOptions = {}): WordCounts {
  checkOptionNames("wordCounts", options, NAMES);
  const { minFrequency = 1, tokenize: split = tokenize } = options;
  checkMinFrequency(minFrequency);
  const counts = new Map<string, number>();
  let number = 0;
  for (const text of texts) {
    for (const word of split(checkText(text, number))) add(counts, word, 1);
    number++;
  }
  return sorted(counts, minFrequency);
}

/**
 * Adds up the word counts of nodes.
 *
 * @param nodes counts of each node, or their JSON texts
 * @throws FlwrError "invalid-argument" that says which counts, from 1, are malformed; "resource-exhausted" for too many
 * different words
 */
export function mergeWordCounts(nodes: readonly (WordCounts | string)[]): WordCounts {
  const counts = new Map<string, number>();
  for (const [i, node] of nodes.entries()) {
    for (const [word, count] of checkCounts(node, i)) add(counts, word, count);
  }
  return sorted(counts, 1);
}

function add(counts: Map<string, number>, word: string, count: number): void {
  const before = counts.get(word) ?? 0;
  if (before === 0 && counts.size === MAX_WORDS) {
    throw new FlwrError(
      "resource-exhausted",
      `The texts have more than ${MAX_WORDS} different words`,
      { hints: ["Leave rare words out: set minFrequency"] },
    );
  }
  counts.set(word, before + count);
}

/** The most frequent first; words with equal counts are ordered by their UTF-16 units, the same at all nodes. */
function sorted(counts: Map<string, number>, least: number): WordCounts {
  return [...counts].filter(([, count]) => count >= least)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
}

function checkCounts(node: WordCounts | string, index: number): WordCounts {
  let value: unknown = node;
  if (typeof node === "string") {
    try {
      value = JSON.parse(node);
    } catch (cause) {
      throw new FlwrError("invalid-argument", `Word counts ${index + 1} are not JSON`, { cause });
    }
  }
  const seen = new Set<unknown>();
  const isEntry = (entry: unknown) =>
    Array.isArray(entry) && entry.length === 2 && typeof entry[0] === "string" &&
    entry[0] !== "" && entry[0].length <= MAX_WORD_CHARACTERS &&
    Number.isInteger(entry[1]) && entry[1] >= 1 && entry[1] <= 2 ** 40 &&
    seen.size < seen.add(entry[0]).size;
  const wrong = Array.isArray(value) ? value.findIndex((entry) => !isEntry(entry)) : 0;
  if (wrong === -1) return value as WordCounts;
  throw new FlwrError(
    "invalid-argument",
    `Word counts ${index + 1} are malformed at entry ${wrong + 1}`,
    { hints: ["Send the result of wordCounts, or its JSON text"] },
  );
}

/** @throws FlwrError "invalid-argument" unless it is an integer of at least 1 */
export function checkMinFrequency(value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new FlwrError(
    "invalid-argument",
    `Option minFrequency must be an integer of at least 1: got ${value}`,
  );
}

/** @throws FlwrError "invalid-argument" unless it is a text */
export function checkText(text: unknown, index: number): string {
  if (typeof text === "string") return text;
  throw new FlwrError(
    "invalid-argument",
    `Text ${index + 1} is not a text: got ${text === null ? "null" : typeof text}`,
    { hints: ["Leave missing texts out, together with their labels"] },
  );
}
