/** What the executable starts with. */
export const ENTRY = "main.ts";

/**
 * Modules that are loaded by their URL at run time, so that the compiler cannot find them by itself: the workers, and
 * what an app on the disk imports as "flwr".
 */
export const LOADED_BY_URL: readonly string[] = [
  "roles/superlink/launch/server_app_worker.ts",
  "roles/supernode/app_worker.ts",
  "roles/supernode/sandbox/app_worker.ts",
  "roles/supernode/sandbox/trainer_worker.ts",
  "ml/session/worker.ts",
  "mod.ts",
];

/** Folders of files that are read at run time: the apps that "flwr new" makes. */
export const READ_AT_RUN_TIME: readonly string[] = ["roles/new/templates"];
