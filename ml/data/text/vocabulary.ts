import { FlwrError } from "../../../base/error.ts";
import { checkOptionNames, type OptionNames } from "../../../base/option_names.ts";
import { MAX_ARRAY_BYTES } from "../../../tensor/limits.ts";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import { sharedArray } from "../shared_array.ts";
import { tokenize } from "./tokenize.ts";
import { checkMinFrequency, checkText, type WordCounts } from "./word_counts.ts";

/** The words by their ids: `PADDING_ID` and `UNKNOWN_ID` first, then the most frequent; plain data that JSON preserves. */
export type Vocabulary = readonly string[];

/** Id of the places after a text's end: "<pad>". */
export const PADDING_ID = 0;
/** Id of words that are not in the vocabulary: "<unk>". */
export const UNKNOWN_ID = 1;

/** The words at the first ids. The default tokenizer returns no such words. */
const SPECIAL: Vocabulary = ["<pad>", "<unk>"];

/** Options of {@link createVocabulary}. */
export interface VocabularyOptions {
  /** Minimum number of occurrences of a word in all texts (default 1). */
  readonly minFrequency?: number;
  /**
   * Maximum number of ids, including those for padding and unknown words (default: no limit). The most frequent words
   * are kept.
   */
  readonly maxSize?: number;
}

const VOCABULARY_NAMES: OptionNames<VocabularyOptions> = { minFrequency: true, maxSize: true };

/**
 * Makes the vocabulary of counted words. Its length is the number of `tokens` of an `embedding` layer. Equal counts give
 * equal vocabularies.
 *
 * @param counts the result of `wordCounts` or `mergeWordCounts`
 * @throws FlwrError "invalid-argument" for options out of range
 */
export function createVocabulary(counts: WordCounts, options: VocabularyOptions = {}): Vocabulary {
  checkOptionNames("createVocabulary", options, VOCABULARY_NAMES);
  const { minFrequency = 1, maxSize } = options;
  checkMinFrequency(minFrequency);
  if (maxSize !== undefined && !(Number.isSafeInteger(maxSize) && maxSize > SPECIAL.length)) {
    throw new FlwrError(
      "invalid-argument",
      `Option maxSize must be an integer above ${SPECIAL.length}: got ${maxSize}`,
      { hints: ["The ids for padding and unknown words count too"] },
    );
  }
  const words = counts.filter(([word, count]) => count >= minFrequency && !SPECIAL.includes(word))
    .toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .map(([word]) => word);
  return [...SPECIAL, ...words].slice(0, maxSize);
}

/** Options of {@link encodeTexts}. */
export interface EncodeTextsOptions {
  /** Number of words of each example: longer texts are cut at their end, shorter ones padded. */
  readonly length: number;
  /** Splits a text into words (default: `tokenize`). Use the one that counted the words. */
  readonly tokenize?: (text: string) => readonly string[];
}

const ENCODE_NAMES: OptionNames<EncodeTextsOptions> = { length: true, tokenize: true };

/**
 * Encodes texts as the ids of their words, for an `embedding` layer.
 *
 * @returns int64 [examples, length], in memory that threads share
 * @throws FlwrError "invalid-argument" for options out of range, values that are not texts, and a vocabulary that does
 * not begin with padding and unknown or names a word twice; "resource-exhausted" when the result is too large
 * @example
 * ```ts
 * const x = encodeTexts(["What a film!"], vocabulary, { length: 50 });
 * ```
 */
export function encodeTexts(
  texts: readonly string[],
  vocabulary: Vocabulary,
  options: EncodeTextsOptions,
): Tensor<"int64"> {
  checkOptionNames("encodeTexts", options, ENCODE_NAMES);
  const { length, tokenize: split = tokenize } = options;
  if (!Number.isSafeInteger(length) || length < 1) {
    throw new FlwrError(
      "invalid-argument",
      `Option length must be an integer of at least 1: got ${length}`,
    );
  }
  const ids = idsOf(vocabulary);
  const size = texts.length * length;
  if (size * BigInt64Array.BYTES_PER_ELEMENT > MAX_ARRAY_BYTES) {
    throw new FlwrError(
      "resource-exhausted",
      `${texts.length} texts of ${length} words are larger than ${MAX_ARRAY_BYTES} bytes`,
      { hints: ["Use a smaller length"] },
    );
  }
  const data = sharedArray("int64", size);
  for (const [i, text] of texts.entries()) {
    const words = split(checkText(text, i));
    for (let at = 0; at < Math.min(words.length, length); at++) {
      data[i * length + at] = BigInt(ids.get(words[at]!) ?? UNKNOWN_ID);
    }
  }
  return tensor("int64", [texts.length, length], data);
}

/** The id of each word. @throws FlwrError "invalid-argument" when it is not a vocabulary */
function idsOf(vocabulary: Vocabulary): Map<string, number> {
  const isList = Array.isArray(vocabulary) &&
    vocabulary.every((word) => typeof word === "string") &&
    SPECIAL.every((word, id) => vocabulary[id] === word);
  const ids = new Map(isList ? vocabulary.map((word, id) => [word, id] as const) : []);
  if (isList && ids.size === vocabulary.length) return ids;
  throw new FlwrError(
    "invalid-argument",
    isList
      ? "The vocabulary names a word twice"
      : `A vocabulary must be a list of words that begins with ${JSON.stringify(SPECIAL)}`,
    { hints: ["Use the result of createVocabulary, also after JSON"] },
  );
}
