import { FlwrError } from "../../base/error.ts";
import { type Compute, computingWith } from "../../ml/engine/compute.ts";
import { machineCompute } from "../../ml/session/machine_compute.ts";
import type { AppModule } from "./app_module.ts";

/**
 * Imports an app's module and returns the object that it exports.
 *
 * @param accepts the check for the expected type, e.g. `isClientApp`
 * @param kind the type's name in messages, e.g. "ClientApp"
 * @param compute used by models that the module creates while it is imported (default: this machine)
 * @throws FlwrError "failed-precondition" when the module cannot be loaded or exports something else
 */
export async function importApp<App>(
  { url, file, exportName }: AppModule,
  accepts: (value: unknown) => value is App,
  kind: string,
  compute: Compute = machineCompute(),
): Promise<App> {
  let module: Record<string, unknown>;
  try {
    module = await computingWith(compute, () => import(url));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new FlwrError("failed-precondition", `"${file}" could not be loaded: ${reason}`, {
      cause: error,
    });
  }
  const value = module[exportName];
  if (accepts(value)) return value;
  const names = Object.keys(module);
  throw new FlwrError(
    "failed-precondition",
    value === undefined
      ? `"${file}" exports no "${exportName}"`
      : `"${exportName}" of "${file}" is not a ${kind}`,
    {
      hints: [
        names.length === 0 ? "It exports nothing" : `It exports: ${names.join(", ")}`,
        `Write: export const ${exportName} = new ${kind}()`,
      ],
    },
  );
}
