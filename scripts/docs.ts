/**
 * Keeps the generated parts of docs/protocol.md equal to the code they are made from.
 *
 *     tsx scripts/docs.ts            write them anew
 *     tsx scripts/docs.ts --check    write nothing, fail when they are stale
 *     tsx scripts/docs.ts --record   play the example exchange again first
 *
 * A generated part stands between `<!-- generated: NAME -->` and `<!-- end: NAME -->`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readRecord, record, renderExchange, writeRecord } from "./docs/exchange.ts";
import { admissions, codes, conditions, limits, serverOnly, states } from "./docs/tables.ts";

const path = (name: string) => fileURLToPath(new URL(`../docs/${name}`, import.meta.url));
const PROTOCOL = path("protocol.md");
const EXCHANGE = path("exchange.xml");

/** The page with every generated part made anew. */
export function regenerate(page: string): string {
  const parts: Record<string, () => string> = {
    states,
    admissions,
    conditions,
    codes,
    limits,
    "server-only": serverOnly,
    exchange: () => renderExchange(readRecord(readFileSync(EXCHANGE, "utf8"))),
  };
  return Object.entries(parts).reduce((text, [name, part]) => replaced(text, name, part()), page);
}

function replaced(page: string, name: string, part: string): string {
  const [start, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
  const [from, to] = [page.indexOf(start), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/protocol.md has no place for "${name}"`);
  return `${page.slice(0, from)}${start}\n\n${part.trim()}\n\n${page.slice(to)}`;
}

async function main(flags: readonly string[]): Promise<void> {
  if (flags.includes("--record")) writeFileSync(EXCHANGE, writeRecord(await record()));
  const page = readFileSync(PROTOCOL, "utf8");
  const fresh = regenerate(page);
  if (!flags.includes("--check")) writeFileSync(PROTOCOL, fresh);
  else if (fresh !== page) throw new Error("docs/protocol.md is stale: run `npx tsx scripts/docs.ts`");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
