import type { Languages } from "../component.ts";

/** Which files of an app's folder may be in a bundle, as patterns of a .gitignore file. */
export interface FileRules {
  /** What may be published at all. */
  readonly kinds: readonly string[];
  /** What stays private, whatever the app says. */
  readonly hidden: readonly string[];
  /** What is left out of a bundle, whatever the app says. */
  readonly left: readonly string[];
}

/** What any app may have beside its code. */
const DOCUMENTS = [
  "**/*.toml",
  "**/*.md",
  "**/*.yaml",
  "**/*.yml",
  "**/*.json",
  "**/*.jsonl",
  "/LICENSE",
];

/** Modules that Deno loads. */
const CODE_ENDINGS = ["ts", "mts", "tsx", "js", "mjs", "cjs", "jsx"];

const HIDDEN = [".flwr/**", ".venv/**", "**/__pycache__/**"];

const PYTHON: FileRules = {
  kinds: ["**/*.py", ...DOCUMENTS],
  hidden: HIDDEN,
  left: [
    "pyproject.toml",
    "**/*_test.py",
    "**/test_*.py",
    ...["build/**", "eggs/**", ".eggs/**", "lib/**", "lib64/**", "parts/**", "*.egg"],
    ...["env/**", "venv/**", "ENV/**", "env.bak/**", "venv.bak/**"],
  ],
};

const TYPESCRIPT: FileRules = {
  kinds: [
    ...CODE_ENDINGS.map((ending) => `**/*.${ending}`),
    ...["**/*.onnx", "**/*.wasm"],
    ...DOCUMENTS,
  ],
  hidden: [...HIDDEN, "**/node_modules/**"],
  left: [
    "pyproject.toml",
    ...CODE_ENDINGS.flatMap((ending) => [`**/*_test.${ending}`, `**/*.test.${ending}`]),
    "**/package-lock.json",
  ],
};

/**
 * The rules for each language. Python's are Flower's own, pattern by pattern: the same app makes the same bytes. For
 * TypeScript the code is other, networks (ONNX) and WebAssembly come along, and so do folders such as `lib` and `build`,
 * which only Python's tools fill; installed packages and tests stay out.
 * An app in both has the files of both, and leaves out what either does.
 */
export const FILE_RULES: Readonly<Record<Languages, FileRules>> = {
  python: PYTHON,
  typescript: TYPESCRIPT,
  mixed: {
    kinds: [...PYTHON.kinds, ...TYPESCRIPT.kinds],
    hidden: [...PYTHON.hidden, ...TYPESCRIPT.hidden],
    left: [...PYTHON.left, ...TYPESCRIPT.left],
  },
};
