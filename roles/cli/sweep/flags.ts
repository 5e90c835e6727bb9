import type { OutputFormat } from "../../output/format.ts";
import type { ControlFlags } from "../config/options.ts";
import type { Mode } from "./statistics.ts";

/** Flags of `flwr sweep`. */
export interface SweepFlags extends ControlFlags {
  readonly runConfig?: readonly string[];
  readonly seeds?: number;
  readonly averageOver?: readonly string[];
  readonly parallel?: number;
  readonly metric?: string;
  readonly mode?: Mode;
  readonly output?: string;
  /** Folder of an earlier sweep. */
  readonly resume?: string;
  readonly failFast: boolean;
  readonly maxRuns: number;
  readonly check: boolean;
  readonly federation?: string;
  readonly nodes?: number;
  readonly federationConfig?: string;
  readonly nodeTable?: string;
  readonly format: OutputFormat;
}
