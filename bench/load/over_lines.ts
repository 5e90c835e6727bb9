import type { HttpLine } from "./http_line.ts";

/** Does something for every item, on as many lines at the same time as there are. */
export async function overLines<T>(
  lines: readonly HttpLine[],
  items: Iterable<T>,
  act: (line: HttpLine, item: T) => Promise<void>,
): Promise<void> {
  const rest = [...items].reverse();
  await Promise.all(lines.map(async (line) => {
    for (let item = rest.pop(); item !== undefined; item = rest.pop()) await act(line, item);
  }));
}
