/** What the process of a sandboxed app starts with; an executable starts itself instead (roles/sandbox.ts). */
import { runSandbox } from "./run_sandbox.ts";

await runSandbox();
