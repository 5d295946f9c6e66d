/**
 * The benchmark as a command: what is measured, in which order, and where it is told.
 *
 * Standard output is for results (JSON lines or the table), standard error for everything
 * else. docs/performance.md says how to read them.
 */
import { credentials } from "./credentials.ts";
import { machine } from "./machine.ts";
import { Apart } from "./apart.ts";
import type { Measure } from "./measure.ts";
import { MEASURES } from "./measures/all.ts";
import { parsed, USAGE, type Options } from "./options.ts";
import { keep, type Description } from "./record.ts";
import { measured, type Result, type Seat } from "./rounds.ts";
import type { Subject } from "./subject.ts";
import { allSubjects, QUICK, subjectsNamed } from "./subjects.ts";
import { table } from "./table.ts";

const tell = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(options: Options): Promise<void> {
  if (options.help) return tell(USAGE);
  const measures = measuresNamed(options.only, options.quick);
  const [date, host] = [new Date(), machine()];
  tell(`machine: ${JSON.stringify(host)}`);
  const subjects = await present(options.subjects ?? (options.quick ? QUICK : undefined));
  const described = await descriptions(subjects);

  const results = await all(measures, await seated(subjects), options);
  if (!options.json) console.log(`${table(measures, results)}\n${footnotes(described)}`);
  if (options.save) {
    const run = { date, machine: host, subjects: described, results };
    tell(`kept: ${await keep(run, measures)}.json, and its charts`);
  }
}

/** Asked for by name, or all; a quick run leaves the thorough ones out. */
function measuresNamed(ids: readonly string[] | undefined, quick: boolean): readonly Measure[] {
  const unknown = ids?.find((id) => !MEASURES.some(({ bench }) => bench === id));
  if (unknown === undefined)
    return MEASURES.filter(({ bench, isThorough }) => ids?.includes(bench) ?? !(quick && isThorough));
  throw new TypeError(`no ${unknown}; there are ${MEASURES.map(({ bench }) => bench).join(", ")}`);
}

/** A subject that was asked for by name must be there; otherwise what is missing is told and left out. */
async function present(names: readonly string[] | undefined): Promise<Subject[]> {
  const wanted = await (names === undefined ? allSubjects() : subjectsNamed(names));
  return wanted.filter((subject) => {
    const reason = subject.missing?.();
    if (reason === undefined) return true;
    if (names !== undefined) throw new Error(`${subject.name}: ${reason}`);
    tell(`left out: ${subject.name} (${reason})`);
    return false;
  });
}

async function descriptions(subjects: readonly Subject[]): Promise<Record<string, Description>> {
  const lines: Record<string, Description> = {};
  for (const subject of subjects) {
    const { name, notes = [] } = subject;
    lines[name] = { version: await subject.version(), notes };
    tell(`${name}: ${lines[name].version}`);
  }
  return lines;
}

const footnotes = (subjects: Readonly<Record<string, Description>>): string =>
  Object.entries(subjects)
    .map(([name, { version, notes }]) => `\n- ${name}: ${[version, ...notes].join("; ")}`)
    .join("");

async function seated(subjects: readonly Subject[]): Promise<Seat[]> {
  const shared = await credentials();
  const seat = async (subject: Subject): Promise<Seat> => ({
    ...{ subject, credentials: shared },
    process: await Apart.seat(subject.name, shared),
  });
  return Promise.all(subjects.map(seat));
}

async function all(
  measures: readonly Measure[],
  seats: readonly Seat[],
  { json, pace }: Options,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const measure of measures) {
    tell(`${measure.bench} …`);
    const lines = await measured(measure, seats, pace);
    if (json) for (const line of lines) console.log(JSON.stringify(line));
    results.push(...lines);
  }
  return results;
}

try {
  await main(parsed(process.argv.slice(2)));
  process.exit();
} catch (error) {
  tell(error instanceof TypeError ? `${error.message}\n\n${USAGE}` : String((error as Error).stack));
  process.exit(1);
}
