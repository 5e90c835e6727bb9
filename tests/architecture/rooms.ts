/**
 * The rooms of the code and who may import whom. docs/architecture.md shows the same tables; imports_test.ts holds both
 * to the import statements of the code.
 *
 * A room is a folder with what is below it, or a file, unless a longer entry claims that; `*` stands for one folder's
 * name.
 */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  "main.ts": ["roles"],
  "mod.ts": ["app", "app/metadata.ts", "base", "ml", "ml/data", "tensor"],
  "roles": [
    "app",
    "app/metadata.ts",
    "auth",
    "base",
    "certs",
    "fab",
    "link",
    "link/store",
    "ml/cores",
    "ml/session",
    "mod.ts",
    "proto",
    "roles/supernode/sandbox",
    "rpc",
    "rpc/dialects",
    "rpc/dialects/*/client",
    "rpc/dialects/*/server",
    "rpc/objects",
  ],
  "roles/supernode/sandbox": [
    "app",
    "app/metadata.ts",
    "base",
    "ml/cores",
    "ml/onnx",
    "ml/session",
    "ml/train",
    "mod.ts",
    "roles",
  ],
  "roles/new/templates": ["mod.ts"],
  "rpc": ["base", "proto", "rpc/wire"],
  "rpc/wire": ["base"],
  "rpc/objects": ["base", "link", "proto", "rpc"],
  "rpc/dialects": [
    "app",
    "app/metadata.ts",
    "base",
    "link",
    "proto",
    "rpc/objects",
    "rpc/wire",
  ],
  "rpc/dialects/*/client": [
    "app",
    "app/metadata.ts",
    "auth",
    "base",
    "link",
    "proto",
    "rpc",
    "rpc/dialects",
    "rpc/objects",
  ],
  "rpc/dialects/*/server": [
    "app/metadata.ts",
    "auth",
    "base",
    "link",
    "proto",
    "rpc",
    "rpc/dialects",
    "rpc/objects",
  ],
  "auth": ["base"],
  "certs": ["auth", "base"],
  "fab": ["app", "base"],
  "link": ["base", "link/store"],
  "link/store": ["base", "link"],
  "app": ["app/metadata.ts", "base", "tensor"],
  "app/metadata.ts": [],
  "ml": ["ml/graph", "ml/import", "ml/nn", "ml/session", "ml/train"],
  "ml/train": [
    "base",
    "ml/cores",
    "ml/grad",
    "ml/graph",
    "ml/lower",
    "ml/nn",
    "ml/session",
    "tensor",
  ],
  "ml/nn": ["base", "ml/graph", "tensor"],
  "ml/import": ["base", "ml/graph", "ml/lower", "ml/nn", "ml/onnx", "tensor"],
  "ml/lower": ["base", "ml/graph", "ml/onnx", "tensor"],
  "ml/grad": ["base", "ml/graph", "tensor"],
  "ml/graph": ["base", "tensor"],
  "ml/onnx": ["base", "tensor"],
  "ml/session": ["base", "ml/data", "tensor"],
  "ml/data": ["base", "ml/train", "tensor"],
  "ml/cores": ["base", "ml/data"],
  "tensor": ["base"],
  "base": [],
  "proto": [],
  "examples": ["mod.ts"],
};

/** The packages and built-in modules that tie a room to the outside, and the rooms that may import them. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "@grpc/grpc-js": ["rpc"],
  "@bufbuild/protobuf": [
    "ml/onnx",
    "proto",
    "rpc",
    "rpc/dialects",
    "rpc/dialects/*/client",
    "rpc/dialects/*/server",
    "rpc/objects",
    "rpc/wire",
  ],
  "node:sqlite": ["link/store"],
  "node:fs": ["link/store", "roles/supernode/sandbox"],
  "@peculiar/x509": ["certs"],
  "onnxruntime-node": ["ml/session"],
  "commander": ["main.ts", "roles"],
  "@logtape/logtape": ["base", "rpc"],
};

/** Folders that may import everything, and that nothing above imports: tools and tests. */
export const OUTSIDE: readonly string[] = ["bench", "scripts", "tests"];

/** Rooms in which no line speaks to the operating system: whatever they need is handed to them. */
export const PURE: readonly string[] = [
  "app",
  "link",
  "ml/graph",
  "ml/grad",
  "ml/lower",
  "ml/nn",
  "rpc/objects",
  "rpc/wire",
  "tensor",
];

/** The room of a file; undefined for one of {@link OUTSIDE}, or of none. */
export function roomOf(path: string): string | undefined {
  return Object.keys(ROOMS)
    .filter((room) => pattern(room).test(path))
    .sort((a, b) => b.split("/").length - a.split("/").length)[0];
}

function pattern(room: string): RegExp {
  const escaped = room.replaceAll(".", "\\.").replaceAll("*", "[^/]+");
  return new RegExp(`^${escaped}(/|$)`);
}
