/** The one list of what is tested together with the real Flower. The README's table is made from it. */
import type { Security } from "../support/credentials.ts";
import { FLOWER_VERSIONS, type FlowerVersion } from "../support/python.ts";

export const SECURITIES = ["insecure", "tls", "auth"] as const satisfies readonly Security[];

/** Who is whose. */
export type Pairing = "their-nodes" | "our-node" | "mixed" | "their-flwr" | "our-flwr";

/** What stands in the README for a pairing. */
export const PAIRINGS: Readonly<Record<Pairing, string>> = {
  "their-nodes": "Flower's SuperNodes on flwr's SuperLink",
  "our-node": "flwr's SuperNodes on Flower's SuperLink",
  "mixed": "Flower's and flwr's SuperNodes together in one run",
  "their-flwr": "Flower's `flwr` command on flwr's SuperLink",
  "our-flwr": "flwr's `flwr` command on Flower's SuperLink",
};

/** A set of processes around one SuperLink in which several cells are tested at once. */
export interface Play {
  /** Whose SuperLink. */
  readonly superlink: "ours" | FlowerVersion;
  readonly security: Security;
  /** Whose nodes and `flwr` command come to our SuperLink. */
  readonly guests?: "generations" | FlowerVersion;
}

/** The versions that are at our SuperLink together: one for each of Flower's wires. The others are there alone. */
export const GENERATIONS: readonly FlowerVersion[] = ["1.9.0", "1.38.0", "1.41.0"];

/** The versions whose nodes take part there in the run of all, beside those. */
const MIXED_IN: readonly FlowerVersion[] = ["1.18.0", "1.22.0"];

/** One thing that works with the real Flower, and is tested. */
export interface Cell {
  readonly pairing: Pairing;
  readonly version: FlowerVersion;
  readonly security: Security;
}

/** Plays of every test run; the others are for the nightly one. */
const EVERY_DAY: readonly Play[] = [
  { superlink: "ours", security: "auth", guests: "generations" },
  { superlink: "1.41.0", security: "auth" },
  { superlink: "1.38.0", security: "insecure" },
  { superlink: "1.9.0", security: "auth" },
];

/** Every cell there is: Flower 1.9 has no `flwr` command for a SuperLink. */
export const CELLS: readonly Cell[] = (Object.keys(PAIRINGS) as Pairing[]).flatMap((pairing) =>
  FLOWER_VERSIONS
    .filter((version) => version !== "1.9.0" || !pairing.endsWith("flwr"))
    .flatMap((version) => SECURITIES.map((security) => ({ pairing, version, security })))
);

/** Where a cell is tested. */
export function playOf({ pairing, version, security }: Cell): Play {
  if (pairing.startsWith("our")) return { superlink: version, security };
  const together = GENERATIONS.includes(version) ||
    pairing === "mixed" && MIXED_IN.includes(version);
  const guests = together ? "generations" : version;
  return { superlink: "ours", security, guests };
}

/** Whether a play belongs to every test run. */
export function isEveryDay({ superlink, security, guests }: Play): boolean {
  return EVERY_DAY.some((play) =>
    play.superlink === superlink && play.security === security && play.guests === guests
  );
}

/** The README's table: "✓" for what every test run shows, "✓ nightly" for what the nightly one does. */
export function matrixTable(): string[] {
  const heads = FLOWER_VERSIONS.map((version) => `flwr ${version}`);
  const rows = Object.entries(PAIRINGS).flatMap(([pairing, words]) =>
    SECURITIES.map((security) => {
      const marks = FLOWER_VERSIONS.map((version) => {
        const cell = CELLS.find((cell) =>
          cell.pairing === pairing && cell.version === version && cell.security === security
        );
        if (cell === undefined) return "–";
        return isEveryDay(playOf(cell)) ? "✓" : "✓ nightly";
      });
      return [words, SECURITY_WORDS[security], ...marks];
    })
  );
  const lines = [["combination", "security", ...heads], ...rows];
  const widths = lines[0]!.map((_, column) =>
    Math.max(...lines.map((line) => line[column]!.length))
  );
  const show = (cells: readonly string[], fill = " ") =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!, fill)).join(" | ")} |`;
  const [head, ...body] = lines;
  return [show(head!), show(head!.map(() => ""), "-"), ...body.map((line) => show(line))];
}

const SECURITY_WORDS: Readonly<Record<Security, string>> = {
  insecure: "none",
  tls: "TLS",
  auth: "TLS, authentication",
};
