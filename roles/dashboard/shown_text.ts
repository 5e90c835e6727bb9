/** Sequences that set colours or move the cursor of a terminal: CSI, OSC, and those of two characters. */
const ESCAPES =
  // deno-lint-ignore no-control-regex -- terminals' sequences consist of them
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])|\u009b[0-?]*[ -/]*[@-~]/g;

/** Control characters except tab and line feed, and characters that hide text or change its reading order. */
const UNSEEN = /(?![\t\n])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Text of apps and nodes as the page shows it: without the sequences of terminals, and with a visible mark in place of
 * each character that would mislead readers.
 */
export function shownText(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(ESCAPES, "").replace(UNSEEN, "\ufffd");
}
