import { html } from "./html.ts";
import type { RoundRow } from "../model/rounds.ts";
import { duration } from "./format.ts";
import { runLink } from "./router.ts";

/** Rounds in the strip, at most: more are too narrow to see. */
const MAX_ROUNDS = 240;

/** Width and height of the drawing, in its own units. */
const [WIDTH, HEIGHT] = [1000, 44];

/**
 * The last rounds next to each other, each as high as it took long, training below evaluation. It is a picture only: the
 * table of rounds says the same.
 */
export function RoundStrip(
  { run, rounds, planned = 0 }: {
    readonly run: string;
    readonly rounds: readonly RoundRow[];
    readonly planned?: number;
  },
) {
  const shown = rounds.filter(({ round }) => round > 0).slice(-MAX_ROUNDS);
  if (shown.length === 0) return "";
  const longest = Math.max(...shown.map(lengthOf), 0.001);
  const slots = Math.max(shown.length, Math.min(planned, MAX_ROUNDS));
  const width = Math.min(WIDTH / slots, 60);
  return html`
    <a class="strip" href=${runLink(run, "rounds")}
      aria-label=${`Duration of ${shown.length} rounds: see the table`}>
      <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        ${shown.map((round, index) => bars(round, index * width, width * 0.88, HEIGHT / longest))}
      </svg>
      <span class="quiet"><span class="swatch train"></span> training
        <span class="swatch evaluate"></span> evaluation
        <span class="swatch other"></span> server · longest round ${duration(longest)}</span>
    </a>
  `;
}

function bars(round: RoundRow, x: number, width: number, scale: number) {
  const parts = partsOf(round);
  let y = HEIGHT;
  return parts.map(({ name, seconds }) => {
    const height = seconds * scale;
    y -= height;
    return html`<rect class=${name} x=${x} y=${y} width=${width} height=${height} />`;
  });
}

/** The parts of a round, with their durations. */
export function partsOf(round: RoundRow): { name: string; seconds: number }[] {
  const phases = round.phases.map(({ phase, seconds }) => ({ name: phase, seconds: seconds ?? 0 }));
  const inPhases = phases.reduce((sum, { seconds }) => sum + seconds, 0);
  return [...phases, { name: "other", seconds: Math.max(0, (round.seconds ?? 0) - inPhases) }];
}

/** How long a round took, or its finished phases. */
export function lengthOf(round: RoundRow): number {
  return round.seconds ?? partsOf(round).reduce((sum, { seconds }) => sum + seconds, 0);
}
