import { FlwrError } from "../../base/error.ts";
import {
  createTrainerFile,
  type LiveTrainer,
  liveTrainers,
  type TrainerKind,
} from "./trainer_files.ts";
import { join } from "node:path";
import { processEnvironment, type UserEnvironment } from "../data/user_environment.ts";

/** How trainers share a machine's cores. */
export interface CoreSharing {
  /** Exactly so many threads, whoever else trains; default: shared out. */
  readonly override?: number;
  /** The folder in which trainers see each other; default {@link runtimeFolder}. */
  readonly folder?: string;
  /** Cores to share out; default those that this process may use. */
  readonly cores?: number;
}

/** How to register a trainer. */
export interface TrainerOptions extends CoreSharing {
  /**
   * "training" (the default) for the time in which it trains; "reserved" for a process that will train again and again,
   * as a SuperNode does, so that those started with it share from the first step.
   */
  readonly kind?: TrainerKind;
  /**
   * Letters, digits and dashes; default this process's id. While an owner's trainers train, they stand in for its
   * reservations and are not counted on top.
   */
  readonly owner?: string;
}

/** A trainer's place among those on the machine. */
export interface TrainerSlot extends Disposable {
  /** Threads that this trainer should use now; it changes when others come and go. */
  threads(): number;
  /** Gives the place up; later calls do nothing. */
  release(): void;
}

/**
 * Registers a trainer, so that all on this machine (of this user) know how many there are. Its place ends with
 * `release`, with `using`, or with the process. Where the folder cannot be used, the trainer counts as the only one.
 *
 * @throws FlwrError "invalid-argument" for an override that is no number of threads
 * @example
 * ```ts
 * using slot = registerTrainer();
 * const session = await createSession({ threads: slot.threads() });
 * ```
 */
export function registerTrainer(options: TrainerOptions = {}): TrainerSlot {
  const { kind = "training", owner = String(Deno.pid), ...sharing } = options;
  if (!/^[\w-]+$/.test(owner)) {
    throw new FlwrError("invalid-argument", `Owner of a trainer is not a plain word: "${owner}"`);
  }
  checkOverride(sharing.override);
  const folder = sharing.folder ?? runtimeFolder();
  let held = unlessUnusable(() => createTrainerFile(folder, { owner, kind }));
  const release = () => {
    if (held === undefined) return;
    const { file, path } = held;
    held = undefined;
    // Removed first: once unlocked, others would take it for left behind and remove it too.
    unlessUnusable(() => Deno.removeSync(path));
    file.close();
  };
  return {
    threads: () => trainerThreads({ ...sharing, folder }),
    release,
    [Symbol.dispose]: release,
  };
}

/**
 * Threads for each trainer on this machine: the cores divided by the trainers that are registered, rounded down, at
 * least one. Two trainers with two threads each on two cores take turns badly: measured, one thread each does twice the
 * work.
 *
 * @throws FlwrError "invalid-argument" for an override that is no number of threads
 */
export function trainerThreads(sharing: CoreSharing = {}): number {
  checkOverride(sharing.override);
  if (sharing.override !== undefined) return sharing.override;
  const folder = sharing.folder ?? runtimeFolder();
  const live = unlessUnusable(() => liveTrainers(folder)) ?? [];
  const cores = sharing.cores ?? navigator.hardwareConcurrency;
  return Math.max(1, Math.floor(cores / Math.max(1, countTrainers(live))));
}

/** How many train or will: of each owner, its trainers or its reservations, whichever are more. */
export function countTrainers(live: readonly LiveTrainer[]): number {
  const owners = Map.groupBy(live, ({ owner }) => owner);
  return owners.values().reduce((sum, slots) => {
    const training = slots.filter(({ kind }) => kind === "training").length;
    return sum + Math.max(training, slots.length - training);
  }, 0);
}

function checkOverride(override: number | undefined): void {
  if (override !== undefined && (!Number.isSafeInteger(override) || override < 1)) {
    throw new FlwrError("invalid-argument", `Number of threads is not 1 or more: ${override}`);
  }
}

/** Undefined where the folder may not or cannot be used: sharing cores is a courtesy, not a reason to fail. */
function unlessUnusable<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable || (error instanceof Error && "code" in error)) {
      return undefined;
    }
    throw error;
  }
}

/**
 * The folder in which the trainers of one user on one machine see each other: FLWR_RUNTIME_DIR, or one of the user's
 * own in the folder for temporary files. It is not in the home folder, which machines may share.
 */
export function runtimeFolder(
  environment: UserEnvironment = processEnvironment,
  user: number | null = userId(),
): string {
  const own = environment.get("FLWR_RUNTIME_DIR");
  if (own) return own;
  const name = user === null ? "flwr" : `flwr-${user}`;
  if (environment.os !== "windows") return join(environment.get("TMPDIR") || "/tmp", name);
  return join(environment.get("TEMP") || "C:\\Windows\\Temp", name);
}

/** The user's number; null on Windows, whose temporary folders are each user's own, and where it may not be asked. */
function userId(): number | null {
  try {
    return Deno.uid();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return null;
    throw error;
  }
}
