import { type Command, Option } from "commander";
import { FlwrError } from "../../base/error.ts";
import type { AuditLogConfig } from "../audit/audit_log.ts";
import { wholeNumber } from "../flags/values.ts";

/** Value of `--audit-log` for standard output. */
const STDOUT = "stdout";

/** Flags of the audit log. */
export interface AuditFlags {
  auditLog?: string;
  auditLogFleetCalls: boolean;
  auditLogMaxMib: number;
}

/** Default values of the flags. */
export const DEFAULT_AUDIT_FLAGS: AuditFlags = { auditLogFleetCalls: false, auditLogMaxMib: 100 };

/** Adds the flags to the `superlink` command. */
export function addAuditOptions(command: Command): Command {
  return command
    .option(
      "--audit-log <file>",
      `record who did what in this file, or on standard output ("${STDOUT}"), as JSON lines chained by hashes; check them with "flwr audit verify" (default: none)`,
    )
    .option(
      "--audit-log-fleet-calls",
      "also record each pull, push and heartbeat of SuperNodes, not only that they join and leave",
      DEFAULT_AUDIT_FLAGS.auditLogFleetCalls,
    )
    .addOption(
      new Option(
        "--audit-log-max-mib <n>",
        "begin a new file at this size, in MiB; older files are renamed <file>.000001 and so on, and never removed",
      ).default(DEFAULT_AUDIT_FLAGS.auditLogMaxMib).argParser(wholeNumber({ from: 1 })),
    );
}

/**
 * Reads the flags. Returns undefined without an audit log.
 *
 * @throws FlwrError "invalid-argument" naming flags that cannot be combined
 */
export function readAudit(
  { auditLog, auditLogFleetCalls, auditLogMaxMib, processes }: AuditFlags & { processes: number },
): AuditLogConfig | undefined {
  if (auditLog === undefined) {
    if (!auditLogFleetCalls) return undefined;
    throw new FlwrError("invalid-argument", "--audit-log-fleet-calls needs --audit-log", {
      hints: ["Name the file: --audit-log audit.log"],
    });
  }
  if (auditLog === "") {
    throw new FlwrError("invalid-argument", "--audit-log needs the name of a file, or stdout");
  }
  if (auditLog === STDOUT && processes > 1) {
    throw new FlwrError(
      "invalid-argument",
      `--audit-log ${STDOUT} and --processes ${processes} cannot be used together`,
      { hints: ["Name a file: each process then writes its own, <file>-1, <file>-2 and so on"] },
    );
  }
  return {
    destination: auditLog === STDOUT ? STDOUT : { file: auditLog },
    maxBytes: auditLogMaxMib * 2 ** 20,
    fleetCalls: auditLogFleetCalls,
  };
}

/** The audit log of one of several processes: each has a file and a chain of its own. @param number from 1 */
export function auditOfProcess(audit: AuditLogConfig, number: number): AuditLogConfig {
  const { destination } = audit;
  if (destination === "stdout") return audit;
  return { ...audit, destination: { file: `${destination.file}-${number}` } };
}
