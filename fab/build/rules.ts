import type { Languages } from "../component.ts";

/** Rules for the files of a FAB, as patterns of a .gitignore file. */
export interface FileRules {
  /** Files that may be published. */
  readonly kinds: readonly string[];
  /** Files that always stay private. */
  readonly hidden: readonly string[];
  /** Files that are never bundled. */
  readonly left: readonly string[];
}

/** Files that any app may have in addition to its code. */
const DOCUMENTS = [
  "**/*.toml",
  "**/*.md",
  "**/*.yaml",
  "**/*.yml",
  "**/*.json",
  "**/*.jsonl",
  "/LICENSE",
];

/** Endings of modules that Deno loads. */
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
 * Rules for each language. Python's are exactly Flower's, so that the same app gives the same bytes. TypeScript apps
 * also have ONNX models, WebAssembly, and folders such as `lib` and `build`, but no installed packages and no tests.
 * An app in both languages has the files of both, and leaves out those that either leaves out.
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
