import { FlwrError } from "../../../../base/error.ts";
import { sha256Hex } from "../../../../base/platform.ts";
import type { LinkScalar, NewLinkRun } from "../../../../entities/run.ts";
import type { StartRunRequest } from "../../../../proto/gen/current/control_pb.ts";
import { ApiError } from "../../../api_error.ts";
import { scalarsFromWire } from "../scalar.ts";
import { resolveFederation } from "./federation.ts";

/**
 * Maximum size of a submitted app bundle (FAB) in bytes, as in Flower. A larger one is not started. (The room `fab`
 * has the same limit for reading bundles.)
 */
export const MAX_SUBMITTED_FAB_BYTES = 10 * 1024 * 1024;

/** A language of apps. */
type AppLanguage = "typescript" | "python";

const LANGUAGES: Readonly<Record<AppLanguage, string>> = {
  typescript: "TypeScript",
  python: "Python",
};

/** The contents of an app bundle (FAB) that a run needs. */
export interface SubmittedApp {
  /** "publisher/name". */
  readonly fabId: string;
  readonly version: string;
  /** "module:object" of the ServerApp; undefined for an app without one. */
  readonly serverApp?: string;
  /** "module:object" of the ClientApp; undefined for an app without one. */
  readonly clientApp?: string;
  /** The language of the ServerApp, and that of the ClientApp. */
  readonly language?: AppLanguage;
  readonly clientLanguage?: AppLanguage;
  /** The app's settings with their defaults, nested ones joined by ".". */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Checks an app bundle and reads it. @throws FlwrError for a malformed or malicious one */
export type ReadFab = (content: Uint8Array) => ReadApp | Promise<ReadApp>;

/** A checked app bundle. */
export interface ReadApp {
  readonly config: SubmittedApp;
  /** Files that are sent separately from the bundle, each with the SHA-256 of its pieces. */
  readonly attachments?: readonly { readonly pieces: readonly string[] }[];
}

/** How the submitted run is started. */
export interface SubmissionOptions {
  readonly readFab: ReadFab;
  /** Whether the run's nodes are simulated. */
  readonly isSimulated: boolean;
}

/**
 * Checks a submission. Computes the bundle's hash, and ignores the one in the request.
 *
 * @returns undefined for a bundle that is too large: Flower responds to that with neither run nor error
 * @throws ApiError with Flower's number for the problem
 */
export async function readSubmission(
  request: StartRunRequest,
  { readFab, isSimulated }: SubmissionOptions,
): Promise<NewLinkRun | undefined> {
  const federation = resolveFederation(request.federation);
  if (request.appSpec !== "") {
    throw new ApiError(
      "app-spec-invalid",
      `App "${request.appSpec}" is in Flower's hub, which this SuperLink does not use: ` +
        "download the app and submit its folder",
    );
  }
  const content = request.fab?.content ?? new Uint8Array();
  if (content.length === 0) throw invalid("the request carries no app");
  if (content.length > MAX_SUBMITTED_FAB_BYTES) return undefined;
  const { config: app, attachments = [] } = await readApp(content, readFab);
  if (app.serverApp === undefined) throw invalid(`app "${app.fabId}" has no ServerApp`);
  if (isSimulated) requireSimulable(app);
  const overrideConfig = readOverrides(request, app);
  const hash = sha256Hex(content);
  const { seriesId, resumeRunId: resumeFrom } = request;
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
    ...(resumeFrom !== undefined && { resumeFrom }),
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

/** Refuses an app whose nodes cannot be simulated: they run in the processes of its ServerApp's language. */
function requireSimulable({ fabId, clientApp, language, clientLanguage }: SubmittedApp): void {
  if (clientApp === undefined) throw invalid(`app "${fabId}" has no ClientApp to simulate`);
  if (language === undefined || clientLanguage === undefined) return;
  if (language === clientLanguage) return;
  throw invalid(
    `app "${fabId}" has a ServerApp in ${LANGUAGES[language]} and a ClientApp in ` +
      `${LANGUAGES[clientLanguage]}, and simulated nodes need both in one language: run it on a ` +
      "SuperLink without --simulation, with SuperNodes",
  );
}

/** Reads the settings that the run overrides. Each must exist in the app. */
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
