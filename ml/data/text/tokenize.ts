/**
 * A word: a run of letters, marks and digits, which apostrophes within it join; or one character of a script that is
 * written without spaces and in which one character is about a word.
 */
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]ー*|(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{M}\p{N}])+(?:'(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{M}\p{N}])+)*/gu;

/**
 * Splits a text into its words, in lower case. Unlike `Intl.Segmenter`, the rule has no dictionary that differs between
 * versions:
 *
 * - The text is normalised (Unicode NFKC) and put into lower case, without a language's special rules; ’ becomes '.
 * - A word is a run of letters, marks and digits. Apostrophes within it belong to it: "don't".
 * - Each character in Han, Hiragana or Katakana is a word, with the signs ー after it.
 * - All else divides words. A run of Thai, Lao, Khmer or Burmese, which have no spaces either, is one word.
 */
export function tokenize(text: string): string[] {
  return text.normalize("NFKC").toLowerCase().replaceAll("’", "'").match(WORD) ?? [];
}
