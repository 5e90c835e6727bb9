/** Entry module of a sandboxed app's process. A compiled executable uses its hidden command (roles/sandbox.ts). */
import { runSandbox } from "./run_sandbox.ts";

await runSandbox();
