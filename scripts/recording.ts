/**
 * Draws a recorded terminal session as an SVG, with the time at which each line was written. The README's was made
 * with:
 *
 *     script -qec "stty cols 92; echo '$ COMMAND'; COMMAND" --log-out docs/demo.txt --log-timing docs/demo.timing
 *     deno run -A scripts/recording.ts docs/demo
 *
 * `script` is part of util-linux. COMMAND is the demo's command in the README.
 */
import { readRecording } from "./recording/screen.ts";
import { recordingSvg } from "./recording/svg.ts";

/** The SVG of the recording in `NAME.txt` and `NAME.timing`. */
export async function drawRecording(name: string): Promise<string> {
  const [log, timing] = await Promise.all([
    Deno.readFile(`${name}.txt`),
    Deno.readTextFile(`${name}.timing`),
  ]);
  return recordingSvg(readRecording(log, timing), "A recorded run of the demo");
}

if (import.meta.main) {
  const [name] = Deno.args;
  if (name === undefined) {
    console.error("Error: Pass the recording's name, for example docs/demo");
    Deno.exit(2);
  }
  await Deno.writeTextFile(`${name}.svg`, await drawRecording(name));
}
