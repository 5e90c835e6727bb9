import { join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import { sha256Hex } from "../../../base/platform.ts";

/** Deno's executable for one platform. */
interface DenoBinary {
  /** The npm package that contains it, and nothing else. */
  readonly npmPackage: string;
  readonly sha256: string;
}

/** The version of Deno in {@link DENO_BINARIES}. */
export const LISTED_DENO = "2.9.3";

/**
 * Deno for each platform that ONNX Runtime and a POSIX shell support. For another version, enter the SHA-256 of `deno`
 * in each package here, and compare them with a second source: Deno's release page or PyPI's `deno`.
 */
export const DENO_BINARIES: Readonly<Record<string, DenoBinary>> = {
  "x86_64-unknown-linux-gnu": {
    npmPackage: "@deno/linux-x64-glibc",
    sha256: "8570c9cdebe936ba744e12a6d329e0a17ea505b4e5f89b654473a2efc2d2e3ba",
  },
  "aarch64-unknown-linux-gnu": {
    npmPackage: "@deno/linux-arm64-glibc",
    sha256: "f398f4b98c74634e56b56f8229bef5daeca02107f9dcd036ff99dbf28bc1b07e",
  },
  "aarch64-apple-darwin": {
    npmPackage: "@deno/darwin-arm64",
    sha256: "80c83cdfb20289f8818a71220b570df363f6f0ba93580c29c70f08ab14e93568",
  },
};

/** Possible sources of Deno for a platform. */
export interface DenoSource {
  /** A Rust triple of {@link DENO_BINARIES}. */
  readonly target: string;
  /** A file that the user names; it must be the listed executable. */
  readonly given?: string;
  /** The running Deno, which is used if it is the listed executable. */
  readonly running: string;
}

/**
 * Returns Deno's executable for a platform: the user's file, the running Deno, or that of the npm package. It must have
 * the listed SHA-256.
 *
 * @param fetchPackage downloads a package and returns its folder
 * @throws FlwrError "not-found" or "data-loss" for a wrong file, "unavailable" when npm does not have it
 */
export async function denoBinary(
  { target, given, running }: DenoSource,
  fetchPackage: (name: string) => Promise<string> = fetchFromNpm,
): Promise<Uint8Array> {
  const { npmPackage, sha256 } = DENO_BINARIES[target]!;
  if (given !== undefined) {
    const bytes = await Deno.readFile(given).catch((cause) => {
      throw new FlwrError("not-found", `--deno names a file that cannot be read: "${given}"`, {
        cause,
      });
    });
    check(bytes, sha256, `"${given}"`, target);
    return bytes;
  }
  const own = await Deno.readFile(running).catch(() => undefined);
  if (own !== undefined && sha256Hex(own) === sha256) return own;
  const folder = await fetchPackage(npmPackage);
  try {
    const bytes = await Deno.readFile(join(folder, "node_modules", npmPackage, "deno"));
    check(bytes, sha256, `npm's ${npmPackage}`, target);
    return bytes;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function check(bytes: Uint8Array, sha256: string, name: string, target: string): void {
  const found = sha256Hex(bytes);
  if (found === sha256) return;
  throw new FlwrError(
    "data-loss",
    `${name} is not Deno ${LISTED_DENO} for ${target}: its SHA-256 is ${found}, expected ${sha256}`,
    { hints: [`Download Deno ${LISTED_DENO} again`] },
  );
}

/**
 * Downloads a package with Deno's own npm client, which uses the user's `.npmrc` and checks npm's integrity hash.
 *
 * @returns a new folder whose `node_modules` contains the package
 */
async function fetchFromNpm(name: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "flwr-deno-" });
  const manifest = { dependencies: { [name]: LISTED_DENO } };
  await Deno.writeTextFile(join(folder, "package.json"), JSON.stringify(manifest));
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet", "--node-modules-dir=auto", "--no-lock"],
    cwd: folder,
    env: { RUST_BACKTRACE: "0", NO_COLOR: "1" },
    stdin: "null",
  }).output();
  if (success) return folder;
  await Deno.remove(folder, { recursive: true });
  const words = new TextDecoder().decode(stderr).trim().split("\n")[0];
  throw new FlwrError(
    "unavailable",
    `npm's ${name}@${LISTED_DENO} cannot be downloaded: ${words}`,
    {
      hints: [
        `Download Deno ${LISTED_DENO} for the platform from elsewhere and name the file: --deno FILE`,
      ],
    },
  );
}
