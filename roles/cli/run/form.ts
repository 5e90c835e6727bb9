import { FlwrError } from "../../../base/error.ts";

/** The two forms of `flwr run`. */
export type RunForm =
  /** Run the ServerApp `module:name` in this process, over the Driver API of Flower 1.9. */
  | { readonly kind: "here"; readonly spec: string }
  /** Send the app in a folder to a SuperLink, which runs it. */
  | { readonly kind: "submit"; readonly folder: string; readonly superlink: string | undefined };

/** A command line of `flwr run`. */
export interface RunCommandLine {
  readonly app: string | undefined;
  readonly superlink: string | undefined;
  /** Long names of the flags on the command line: "--stream". */
  readonly flags: readonly string[];
}

/** Flags that only the form "here" has. */
const HERE_FLAGS = [
  "--server",
  "--superlink",
  "--dir",
  "--json",
  "--artifacts",
  "--max-retries",
  "--max-wait-time",
  "--log-format",
  "--verbose",
];
/** Flags that only the form "submit" has. */
const SUBMIT_FLAGS = [
  "--stream",
  "--federation",
  "--federation-config",
  "--format",
  "--node-table",
  "--tensorboard",
  "--nodes",
  "--engine",
  "--token-file",
  "--workers",
  "--nodes-per-worker",
  "--worker-superlink",
  "--engine-address",
  "--engine-option",
  "--engine-wait",
];

/**
 * Determines the form of `flwr run` by APP, which is "module:name" or a folder.
 *
 * @param isFolder whether a path is a folder
 * @throws FlwrError "invalid-argument" if APP is ambiguous, or a flag belongs to the other form
 */
export function runForm(
  { app = ".", superlink, flags }: RunCommandLine,
  isFolder: (path: string) => boolean,
): RunForm {
  if (app.startsWith("@")) {
    throw new FlwrError(
      "unimplemented",
      `"${app}" is an app of Flower's hub, which is not supported`,
      {
        hints: ["Run an app that is in a folder: flwr run FOLDER"],
      },
    );
  }
  const given = (some: readonly string[]) => flags.filter((flag) => some.includes(flag));
  if (!namesModule(app)) {
    const [flag] = given(HERE_FLAGS);
    if (flag === undefined) return { kind: "submit", folder: app, superlink };
    throw new FlwrError(
      "invalid-argument",
      `${flag} works only with module:name, a ServerApp run here: "${app}" is a folder`,
      {
        hints: [
          `To submit the app in it: flwr run ${app} SUPERLINK`,
          `To run a ServerApp here: flwr run server:app ${flag} …`,
        ],
      },
    );
  }
  if (isFolder(app)) {
    throw new FlwrError(
      "invalid-argument",
      `"${app}" is ambiguous: it is a folder, but also has the form "module:name"`,
      {
        hints: [
          `To submit the app in the folder: flwr run ./${app}/`,
          "To run a ServerApp here, rename the folder",
        ],
      },
    );
  }
  const [flag] = given(SUBMIT_FLAGS);
  const what = superlink === undefined ? flag : `SUPERLINK "${superlink}"`;
  if (what === undefined) return { kind: "here", spec: app };
  throw new FlwrError(
    "invalid-argument",
    `${what} works only with an app in a folder: "${app}" is a ServerApp run here`,
    {
      hints: [
        `To run it here: flwr run ${app} --server HOST:PORT`,
        "To submit the app in a folder: flwr run FOLDER SUPERLINK",
      ],
    },
  );
}

/** Whether APP has the form "module:name". A path that ends in "/" or begins with a Windows drive does not. */
function namesModule(app: string): boolean {
  return /^.+:[A-Za-z_$][\w$]*$/.test(app) && !/^[A-Za-z]:[\\/]/.test(app);
}

/** Whether a path is a folder. */
export function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
