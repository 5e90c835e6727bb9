import { systemClock } from "../../base/clock.ts";
import { load } from "../../base/load.ts";
import { methodPath, type ServiceBinding, watched } from "../../rpc/service.ts";
import type { AuditLog } from "../audit/audit_log.ts";
import { auditOfProcess } from "./audit_flags.ts";
import type { SuperLinkConfig } from "./config.ts";
import type { SuperLinkServices } from "./services.ts";

/** Opens the audit log, if there is to be one. `cleanup` closes it. @throws FlwrError naming `--audit-log` */
export async function openAudit(
  { audit, oneOfMany }: SuperLinkConfig,
  cleanup: AsyncDisposableStack,
): Promise<AuditLog | undefined> {
  if (audit === undefined) return undefined;
  const { AuditLog } = await load<typeof import("../audit/audit_log.ts")>(
    new URL("../audit/audit_log.ts", import.meta.url),
  );
  const own = oneOfMany === undefined ? audit : auditOfProcess(audit, oneOfMany.number);
  return cleanup.use(await AuditLog.open(own, systemClock));
}

/** The same services, whose calls are recorded. App processes are not: they act for the account that started the run. */
export function auditedServices(
  services: SuperLinkServices,
  audit: AuditLog | undefined,
  { authentication }: SuperLinkConfig,
): SuperLinkServices {
  if (audit === undefined) return services;
  const knownKeysOnly = authentication !== undefined;
  const recorded = (api: "control" | "fleet", binding: ServiceBinding) => {
    const watchOf = audit.watchOf(api, { knownKeysOnly });
    return watched(binding, (method) => watchOf(methodPath(method)));
  };
  return {
    ...services,
    fleet: recorded("fleet", services.fleet),
    control: recorded("control", services.control),
    exec: recorded("control", services.exec),
    legacy: async () => {
      const older = await services.legacy();
      return {
        ...older,
        fleet: recorded("fleet", older.fleet),
        olderFleet: recorded("fleet", older.olderFleet),
      };
    },
  };
}
