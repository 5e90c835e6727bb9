import { join } from "node:path";

/** Whether a trainer is training now, or reserves a place for later. */
export type TrainerKind = "training" | "reserved";

/** A registered trainer whose process is alive. */
export interface LiveTrainer {
  /** Owner of the trainer. While an owner's trainers train, they fill its reservations. */
  readonly owner: string;
  readonly kind: TrainerKind;
}

/** File names have the form `owner.kind.unique`; files with other names are ignored. */
const NAME = /^([\w-]+)\.(training|reserved)\.[\w-]+$/;

/**
 * Creates a trainer's file. The trainer counts as alive while the file is open and locked: the operating system unlocks
 * it when the process ends in any way, so no process id has to be trusted.
 *
 * @returns the open file and its path; remove the file before you close it
 */
export function createTrainerFile(
  folder: string,
  { owner, kind }: LiveTrainer,
): { file: Deno.FsFile; path: string } {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unique = crypto.randomUUID();
  const path = join(folder, `${owner}.${kind}.${unique}`);
  // The file gets its final name only once it is locked: an unlocked file counts as left behind.
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

/** Lists the live trainers in a folder, and removes the files of dead ones. */
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

/** Whether a process has locked the file; an unlocked file is removed. */
function isLocked(path: string): boolean {
  try {
    using file = Deno.openSync(path, { read: true });
    // A shared lock, so that two processes that check at the same time do not mistake each other for the trainer.
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
