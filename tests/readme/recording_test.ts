/** The README's picture of the demo is drawn from the recording beside it, and shows all of it. */
import assert from "node:assert/strict";
import { drawRecording } from "../../scripts/recording.ts";
import { readRecording } from "../../scripts/recording/screen.ts";
import { textOf } from "../../scripts/recording/svg.ts";
import { repositoryPath } from "../support/repository.ts";

const NAME = repositoryPath("docs/demo");

Deno.test("readme: its picture is the recorded demo", async () => {
  const svg = await Deno.readTextFile(`${NAME}.svg`);
  assert.equal(svg, await drawRecording(NAME), "deno run -A scripts/recording.ts docs/demo");
});

Deno.test("recording: the lines that a terminal shows, with their times and colours", () => {
  const output = "⠙\x1b[1G\x1b[0K\x1b[1mRound\x1b[22m \x1b[33m1\x1b[39m\r\nab\rc\n";
  const bytes = new TextEncoder().encode(`header\n${output}`);
  const first = new TextEncoder().encode(output.slice(0, 13)).length;
  const rest = bytes.length - "header\n".length - first;
  const lines = readRecording(bytes, `0.5 ${first}\n1.25 ${rest}\n`);
  assert.deepEqual(lines.map(({ seconds, spans }) => [seconds, textOf(spans)]), [
    [1.75, "Round 1"],
    [1.75, "cb"],
  ]);
  assert.deepEqual(lines[0]!.spans, [
    { text: "Round", bold: true, colour: undefined },
    { text: " ", bold: false, colour: undefined },
    { text: "1", bold: false, colour: 33 },
  ]);
  assert.throws(() => readRecording(bytes, "0.5 9999\n"), /beyond the end of the log/);
});
