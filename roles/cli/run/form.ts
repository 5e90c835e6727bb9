import { FlwrError } from "../../../base/error.ts";

/** What `flwr run` is to do. */
export type RunForm =
  /** Run the ServerApp `module:name` in this process, against the Driver API of Flower 1.9. */
  | { readonly kind: "here"; readonly spec: string }
  /** Send the app in a folder to a SuperLink, which runs it. */
  | { readonly kind: "submit"; readonly folder: string; readonly superlink: string | undefined };

/** A command line of `flwr run`. */
export interface RunCommandLine {
  readonly app: string | undefined;
  readonly superlink: string | undefined;
  /** The long flags that were given, as "--stream". */
  readonly flags: readonly string[];
}

/** Flags that only one of the forms has. */
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
const SUBMIT_FLAGS = ["--stream", "--federation", "--format"];

/**
 * Tells the two forms of `flwr run` apart: by APP, which is "module:name" or a folder.
 *
 * @param isFolder whether there is a folder of that path
 * @throws FlwrError "invalid-argument" for what could be either, and for what is of neither
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

/** Whether it is of the form "module:name"; a path that ends in "/" or is a Windows drive's is not. */
function namesModule(app: string): boolean {
  return /^.+:[A-Za-z_$][\w$]*$/.test(app) && !/^[A-Za-z]:[\\/]/.test(app);
}

/** Whether there is a folder of that path. */
export function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
