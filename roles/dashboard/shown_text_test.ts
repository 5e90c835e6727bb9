import assert from "node:assert/strict";
import { shownText } from "./shown_text.ts";

Deno.test("shown text: sequences of terminals are removed, and other invisible characters are marked", () => {
  const cases = [
    ["plain <b>text</b>\tand\nlines\r\n", "plain <b>text</b>\tand\nlines\n"],
    ["\u001b[31mred\u001b[0m", "red"],
    ["\u001b]0;title\u0007after", "after"],
    ["\u001b]8;;http://x\u001b\\link", "link"],
    ["\u009b2Jcleared", "cleared"],
    ["gnp\u202eexe", "gnp\ufffdexe"],
    ["bell\u0007 null\u0000 back\b", "bell\ufffd null\ufffd back\ufffd"],
    ["zero\u200bwidth \ud800", "zero\ufffdwidth \ufffd"],
    ["Zürich 東京 😀", "Zürich 東京 😀"],
  ] as const;
  for (const [text, shown] of cases) assert.equal(shownText(text), shown);
});
