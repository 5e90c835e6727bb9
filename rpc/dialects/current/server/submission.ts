import { FlwrError } from "../../../../base/error.ts";
import { sha256Hex } from "../../../../base/platform.ts";
import type { LinkScalar, NewLinkRun } from "../../../../entities/run.ts";
import type { StartRunRequest } from "../../../../proto/gen/current/control_pb.ts";
import { ApiError } from "../../../api_error.ts";
import { scalarsFromWire } from "../scalar.ts";
import { checkFederation } from "./federation.ts";

/** Bytes of an app bundle (FAB): what Flower takes. A larger one is not started. */
export const MAX_FAB_BYTES = 10 * 1024 * 1024;

/** What a run needs to know of an app bundle (FAB). */
export interface SubmittedApp {
  /** "publisher/name". */
  readonly fabId: string;
  readonly version: string;
  /** "module:object" of the ServerApp; undefined for an app that has none. */
  readonly serverApp?: string;
  /** The app's settings with their defaults, nested ones joined by ".". */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Checks an app bundle and reads what is in it. @throws FlwrError for one that is malformed or hostile */
export type ReadFab = (content: Uint8Array) => ReadApp | Promise<ReadApp>;

/** What an app bundle says. */
export interface ReadApp {
  readonly config: SubmittedApp;
  /** Files that travel beside the bundle, each with the SHA-256 of its pieces. */
  readonly attachments?: readonly { readonly pieces: readonly string[] }[];
}

/**
 * Checks what someone wants to have run. The bundle's hash is made anew: what the request says of it counts nothing.
 *
 * @returns undefined for a bundle that is too large: Flower answers that with no run and no error
 * @throws ApiError with Flower's number for what is wrong
 */
export async function readSubmission(
  request: StartRunRequest,
  readFab: ReadFab,
): Promise<NewLinkRun | undefined> {
  const federation = checkFederation(request.federation);
  if (request.appSpec !== "") {
    throw new ApiError(
      "app-spec-invalid",
      `App "${request.appSpec}" is in Flower's hub, from which this SuperLink fetches nothing: ` +
        "get the app and submit its folder",
    );
  }
  const content = request.fab?.content ?? new Uint8Array();
  if (content.length === 0) throw invalid("the request carries no app");
  if (content.length > MAX_FAB_BYTES) return undefined;
  const { config: app, attachments = [] } = await readApp(content, readFab);
  if (app.serverApp === undefined) throw invalid(`app "${app.fabId}" has no ServerApp`);
  const overrideConfig = readOverrides(request, app);
  const hash = sha256Hex(content);
  const { seriesId } = request;
  return {
    fabId: app.fabId,
    fabVersion: app.version,
    fab: {
      hash,
      content,
      ...(attachments.length > 0 && { pieces: attachments.flatMap(({ pieces }) => pieces) }),
    },
    overrideConfig,
    federation,
    ...(seriesId !== undefined && seriesId !== 0n && { seriesId }),
  };
}

async function readApp(content: Uint8Array, readFab: ReadFab): Promise<ReadApp> {
  try {
    return await readFab(content);
  } catch (error) {
    if (!(error instanceof FlwrError) || error.code === "internal") throw error;
    throw new ApiError("run-config-invalid", error.message, { cause: error });
  }
}

/** The settings that the run changes: each must be one that the app has. */
function readOverrides(
  { overrideConfig }: StartRunRequest,
  { fabId, config }: SubmittedApp,
): Record<string, LinkScalar> {
  for (const [key, { scalar }] of Object.entries(overrideConfig)) {
    if (!Object.hasOwn(config, key)) {
      const known = Object.keys(config).map((name) => `"${name}"`).join(", ") || "none";
      throw invalid(`app "${fabId}" has no setting "${key}": it has ${known}`);
    }
    if (scalar.case === undefined) throw invalid(`setting "${key}" has no value`);
  }
  return scalarsFromWire(overrideConfig);
}

function invalid(why: string): ApiError {
  return new ApiError("run-config-invalid", `The run cannot be started: ${why}`);
}
