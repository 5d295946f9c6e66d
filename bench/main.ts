/**
 * The benchmark as a command: what is measured, in which order, and where it is told.
 *
 * Standard output is for results (JSON lines or the table), standard error for everything
 * else. docs/performance.md says how to read them.
 */
import { credentials } from "./credentials.ts";
import { machine } from "./machine.ts";
import type { Measure, Stage } from "./measure.ts";
import { MEASURES } from "./measures/all.ts";
import { parsed, USAGE, type Options } from "./options.ts";
import { keep } from "./record.ts";
import { measured, type Result } from "./rounds.ts";
import type { Subject } from "./subject.ts";
import { allSubjects, subjectsNamed } from "./subjects.ts";
import { table } from "./table.ts";

const tell = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(options: Options): Promise<void> {
  if (options.help) return tell(USAGE);
  const measures = measuresNamed(options.only);
  const [date, host] = [new Date(), machine()];
  tell(`machine: ${JSON.stringify(host)}`);
  const stages = await staged(await present(options.subjects));
  const subjects = await versions(stages);

  const results = await all(measures, stages, options);
  if (!options.json) console.log(table(measures, results));
  if (options.save) tell(`kept: ${await keep({ date, machine: host, subjects, results })}`);
}

function measuresNamed(ids: readonly string[] | undefined): readonly Measure[] {
  const unknown = ids?.find((id) => !MEASURES.some(({ bench }) => bench === id));
  if (unknown === undefined) return MEASURES.filter(({ bench }) => ids?.includes(bench) ?? true);
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

async function staged(subjects: readonly Subject[]): Promise<Stage[]> {
  const shared = await credentials();
  const load = async (subject: Subject): Promise<Stage> => ({
    ...{ subject, credentials: shared },
    loaded: await subject.load(shared),
  });
  return Promise.all(subjects.map(load));
}

async function versions(stages: readonly Stage[]): Promise<Record<string, string>> {
  const lines: Record<string, string> = {};
  for (const { subject } of stages) {
    lines[subject.name] = await subject.version();
    tell(`${subject.name}: ${lines[subject.name]}`);
  }
  return lines;
}

async function all(
  measures: readonly Measure[],
  stages: readonly Stage[],
  { json, pace }: Options,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const measure of measures) {
    tell(`${measure.bench} …`);
    const lines = await measured(measure, stages, pace);
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
