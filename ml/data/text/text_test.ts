import assert from "node:assert/strict";
import fc from "fast-check";
import { FlwrError } from "../../../base/error.ts";
import { tokenize } from "./tokenize.ts";
import { createVocabulary, encodeTexts, PADDING_ID, UNKNOWN_ID } from "./vocabulary.ts";
import { mergeWordCounts, type WordCounts, wordCounts } from "./word_counts.ts";

Deno.test("text: words of several scripts, in one form", () => {
  const cases: readonly [string, readonly string[]][] = [
    ["Don’t PANIC, it's 42!", ["don't", "panic", "it's", "42"]],
    ["Grüße aus Köln – naïve café", ["grüße", "aus", "köln", "naïve", "café"]],
    ["cafe\u0301", ["café"]],
    ["ﬁne Ａ１", ["fine", "a1"]],
    ["Ελλάδα Москва", ["ελλάδα", "москва"]],
    ["हिन्दी में", ["हिन्दी", "में"]],
    ["我爱AI和ひらカタ", ["我", "爱", "ai", "和", "ひ", "ら", "カ", "タ"]],
    ["カード", ["カー", "ド"]],
    ["مرحبا بالعالم", ["مرحبا", "بالعالم"]],
    ["'quoted' rock'n'roll e-mail a_b", ["quoted", "rock'n'roll", "e", "mail", "a", "b"]],
    [" \n…!😀", []],
  ];
  for (const [text, words] of cases) assert.deepEqual(tokenize(text), words, text);
});

Deno.test("text: merged counts give the vocabulary of all texts", () => {
  fc.assert(fc.property(
    fc.array(fc.array(fc.stringMatching(/^[abc ]{0,12}$/), { maxLength: 4 }), { maxLength: 4 }),
    fc.integer({ min: 1, max: 3 }),
    (nodes, minFrequency) => {
      const merged = mergeWordCounts(nodes.map((texts) => JSON.stringify(wordCounts(texts))));
      const pooled = wordCounts(nodes.flat());
      assert.deepEqual(merged, pooled);
      assert.deepEqual(
        createVocabulary(mergeWordCounts(nodes.toReversed().map((texts) => wordCounts(texts))), {
          minFrequency,
        }),
        createVocabulary(pooled, { minFrequency }),
      );
    },
  ));
});

Deno.test("text: a vocabulary keeps the most frequent words, and texts become their ids", () => {
  const counts = wordCounts(["the cat and the dog", "A dog __proto__ constructor", "zebra"]);
  assert.deepEqual(counts.slice(0, 3), [["dog", 2], ["the", 2], ["a", 1]]);
  assert.deepEqual(createVocabulary(counts, { minFrequency: 2 }), ["<pad>", "<unk>", "dog", "the"]);
  const vocabulary = createVocabulary(counts, { maxSize: 5 });
  assert.deepEqual(vocabulary, ["<pad>", "<unk>", "dog", "the", "a"]);
  const { dtype, shape, data } = encodeTexts(
    ["The dog!", "", "constructor a the dog"],
    vocabulary,
    {
      length: 3,
    },
  );
  assert.deepEqual([dtype, shape], ["int64", [3, 3]]);
  const [pad, unknown] = [PADDING_ID, UNKNOWN_ID].map(BigInt);
  assert.deepEqual([...data], [3n, 2n, pad, pad, pad, pad, unknown, 4n, 3n]);
  assert.deepEqual(wordCounts(["a a b"], { minFrequency: 2 }), [["a", 2]]);
  const letters = (text: string) => [...text];
  assert.deepEqual(wordCounts(["aab"], { tokenize: letters }), [["a", 2], ["b", 1]]);
  assert.deepEqual(
    [...encodeTexts(["b<"], ["<pad>", "<unk>", "b"], { length: 2, tokenize: letters }).data],
    [2n, 1n],
  );
});

Deno.test("text: options, counts and vocabularies that make no sense are refused", () => {
  // deno-lint-ignore no-explicit-any
  const any = (value: unknown): any => value;
  const vocabulary = ["<pad>", "<unk>", "a"];
  const counts: WordCounts = [["a", 1]];
  const attempts: readonly (() => unknown)[] = [
    () => wordCounts(any([null])),
    () => wordCounts(any([1])),
    () => wordCounts([], { minFrequency: 0 }),
    () => wordCounts([], any({ min_freq: 1 })),
    () => mergeWordCounts(["{"]),
    () => mergeWordCounts(any([{}])),
    () => mergeWordCounts([counts, any([["a"]])]),
    () => mergeWordCounts([any([["a", 0]])]),
    () => mergeWordCounts([any([["a", 1.5]])]),
    () => mergeWordCounts([any([["a", 1], ["a", 1]])]),
    () => mergeWordCounts([any([["", 1]])]),
    () => mergeWordCounts([any([["a".repeat(2000), 1]])]),
    () => createVocabulary(counts, { maxSize: 2 }),
    () => createVocabulary(counts, { minFrequency: 1.5 }),
    () => createVocabulary(counts, any({ size: 3 })),
    () => encodeTexts(["a"], vocabulary, { length: 0 }),
    () => encodeTexts(["a"], vocabulary, any({ length: 1, pad: 0 })),
    () => encodeTexts(any([undefined]), vocabulary, { length: 1 }),
    () => encodeTexts(["a"], ["a"], { length: 1 }),
    () => encodeTexts(["a"], [...vocabulary, "a"], { length: 1 }),
    () => encodeTexts(["a"], any(null), { length: 1 }),
  ];
  for (const attempt of attempts) {
    assert.throws(
      attempt,
      (error) => error instanceof FlwrError && error.code === "invalid-argument",
      String(attempt),
    );
  }
  assert.throws(
    () => encodeTexts(["a", "b"], vocabulary, { length: 2 ** 40 }),
    (error) => error instanceof FlwrError && error.code === "resource-exhausted",
  );
});
