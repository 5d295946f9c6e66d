/**
 * Keeps the generated parts of docs/protocol.md and docs/security.md equal to the code they are made from.
 *
 *     tsx scripts/docs.ts            write them anew
 *     tsx scripts/docs.ts --check    write nothing, fail when they are stale
 *     tsx scripts/docs.ts --record   play the example exchange and the vectors again first
 *
 * A generated part stands between `<!-- generated: NAME -->` and `<!-- end: NAME -->`.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readRecord, record, renderExchange, writeRecord } from "./docs/exchange.ts";
import { admissions, clear, codes, conditions, limits, serverOnly, states } from "./docs/tables.ts";

const path = (name: string) => fileURLToPath(new URL(`../docs/${name}`, import.meta.url));
const EXCHANGE = path("exchange.xml");
const VECTORS = path("vectors.json");

/** The generated parts of each page. */
const PAGES: Readonly<Record<string, Readonly<Record<string, () => string>>>> = {
  "protocol.md": {
    states,
    admissions,
    conditions,
    codes,
    limits,
    "server-only": serverOnly,
    exchange: () => renderExchange(readRecord(readFileSync(EXCHANGE, "utf8"))),
  },
  "security.md": { clear },
};

/** The pages of docs/ that have generated parts. */
export const GENERATED: readonly string[] = Object.keys(PAGES);

/** A page with every generated part made anew. */
export function regenerate(name: string, page: string): string {
  return Object.entries(PAGES[name] ?? {}).reduce((text, [part, make]) => replaced(name, text, part, make()), page);
}

function replaced(page: string, text: string, name: string, part: string): string {
  const [start, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/${page} has no place for "${name}"`);
  return `${text.slice(0, from)}${start}\n\n${part.trim()}\n\n${text.slice(to)}`;
}

async function main(flags: readonly string[]): Promise<void> {
  if (flags.includes("--record")) await recordAll();
  for (const name of GENERATED) renew(name, flags.includes("--check"));
}

async function recordAll(): Promise<void> {
  writeFileSync(EXCHANGE, writeRecord(await record()));
  const { readVectors, recordVectors, writeVectors } = await import("./docs/vectors.ts");
  const previous = existsSync(VECTORS) ? readVectors(readFileSync(VECTORS, "utf8")) : undefined;
  writeFileSync(VECTORS, writeVectors(await recordVectors(previous)));
}

function renew(name: string, isCheck: boolean): void {
  const page = readFileSync(path(name), "utf8");
  const fresh = regenerate(name, page);
  if (!isCheck) writeFileSync(path(name), fresh);
  else if (fresh !== page) throw new Error(`docs/${name} is stale: run \`npx tsx scripts/docs.ts\``);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
