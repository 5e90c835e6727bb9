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
  /** Number of threads, regardless of other trainers (default: the cores are divided). */
  readonly override?: number;
  /** Folder in which trainers find each other (default: {@link runtimeFolder}). */
  readonly folder?: string;
  /** Number of cores to divide (default: those that this process may use). */
  readonly cores?: number;
}

/** How to register a trainer. */
export interface TrainerOptions extends CoreSharing {
  /**
   * "training" (the default) while it trains; "reserved" for a process that trains again and again, such as a
   * SuperNode, so that SuperNodes that start together share the cores from the first step.
   */
  readonly kind?: TrainerKind;
  /**
   * Letters, digits and dashes (default: the process id). While an owner's trainers train, they fill its reservations
   * and are not counted in addition to them.
   */
  readonly owner?: string;
}

/** A trainer's place among those on the machine. */
export interface TrainerSlot extends Disposable {
  /** Number of threads that this trainer should use now. It changes when other trainers start and end. */
  threads(): number;
  /** Releases the place; later calls do nothing. */
  release(): void;
}

/**
 * Registers a trainer, so that all trainers of this user on this machine know how many there are. Its place ends with
 * `release`, with `using`, or with the process. If the folder cannot be used, each trainer counts as the only one.
 *
 * @throws FlwrError "invalid-argument" when the override is not a positive integer or the owner is not a plain word
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
    // The file is removed before it is unlocked: otherwise another process could take it for one left behind and remove
    // it too.
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
 * Number of threads for each trainer on this machine: the cores divided by the number of registered trainers, rounded
 * down, at least 1. Two trainers with two threads each on two cores slow each other down: with one thread each they do
 * twice the work.
 *
 * @throws FlwrError "invalid-argument" when the override is not a positive integer
 */
export function trainerThreads(sharing: CoreSharing = {}): number {
  checkOverride(sharing.override);
  if (sharing.override !== undefined) return sharing.override;
  const folder = sharing.folder ?? runtimeFolder();
  const live = unlessUnusable(() => liveTrainers(folder)) ?? [];
  const cores = sharing.cores ?? navigator.hardwareConcurrency;
  return Math.max(1, Math.floor(cores / Math.max(1, countTrainers(live))));
}

/** Number of trainers that train or will train: per owner, its trainers or its reservations, whichever are more. */
export function countTrainers(live: readonly LiveTrainer[]): number {
  const owners = Map.groupBy(live, ({ owner }) => owner);
  return owners.values().reduce((sum, slots) => {
    const training = slots.filter(({ kind }) => kind === "training").length;
    return sum + Math.max(training, slots.length - training);
  }, 0);
}

function checkOverride(override: number | undefined): void {
  if (override !== undefined && (!Number.isSafeInteger(override) || override < 1)) {
    throw new FlwrError(
      "invalid-argument",
      `Number of threads must be an integer of at least 1: got ${override}`,
    );
  }
}

/** The action's result; undefined if the folder cannot be used, because sharing cores must not make training fail. */
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
 * The folder in which one user's trainers on one machine find each other: FLWR_RUNTIME_DIR, or a folder of the user's
 * own in the system's temporary folder. It is not in the home folder, because machines may share that.
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

/**
 * The user's number. Null on Windows, where each user has a temporary folder, and where reading the number is not
 * permitted.
 */
function userId(): number | null {
  try {
    return Deno.uid();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return null;
    throw error;
  }
}
