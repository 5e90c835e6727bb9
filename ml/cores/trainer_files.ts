import { join } from "node:path";

/** Whether a trainer works now or holds a place for one that will. */
export type TrainerKind = "training" | "reserved";

/** A trainer that lives. */
export interface LiveTrainer {
  /** Who trains: trainers of one owner stand in for its reservations. */
  readonly owner: string;
  readonly kind: TrainerKind;
}

/** `owner.kind.unique`: names with any other form are not looked at. */
const NAME = /^([\w-]+)\.(training|reserved)\.[\w-]+$/;

/**
 * Makes a trainer's file. The trainer lives as long as the file is open and locked: the operating system unlocks it
 * when the process ends, however that happens, so that no process id has to be trusted.
 *
 * @returns the open file and its path; who closes it should remove it too
 */
export function createTrainerFile(
  folder: string,
  { owner, kind }: LiveTrainer,
): { file: Deno.FsFile; path: string } {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unique = crypto.randomUUID();
  const path = join(folder, `${owner}.${kind}.${unique}`);
  // Under its name only once it is locked: an unlocked file counts as left behind.
  const unlocked = join(folder, `${unique}.new`);
  const file = Deno.openSync(unlocked, { createNew: true, write: true });
  try {
    file.lockSync(true);
    Deno.renameSync(unlocked, path);
    return { file, path };
  } catch (error) {
    file.close();
    Deno.removeSync(unlocked);
    throw error;
  }
}

/** The trainers in a folder that live. Files of those that died are removed. */
export function liveTrainers(folder: string): LiveTrainer[] {
  const live: LiveTrainer[] = [];
  for (const { name } of entries(folder)) {
    const [, owner, kind] = NAME.exec(name) ?? [];
    if (owner === undefined) continue;
    if (isLocked(join(folder, name))) live.push({ owner, kind: kind as TrainerKind });
  }
  return live;
}

function entries(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** Whether someone holds the file; if not, it is removed. */
function isLocked(path: string): boolean {
  try {
    using file = Deno.openSync(path, { read: true });
    // A shared lock: two who look at the same time do not take each other for the trainer.
    if (!file.tryLockSync(false)) return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return false;
}
