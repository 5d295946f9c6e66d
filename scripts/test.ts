/**
 * Runs everything that `make test` promises: type check, freshness of generated files,
 * native tests under sanitizers, and each test/**\/*.test.ts in a process of its own.
 *
 *     tsx scripts/test.ts [--only PART-OF-A-TITLE]
 *
 * Suites that hold for bytes run on the stock module too. Files under the
 * SERIAL directories run one at a time, after the others: they start servers, browsers and
 * builds. A job fails when its exit code says so, when it reports no tests, and when it takes
 * too long. The last line sums up: `N passed, N failed, N skipped`.
 */

import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SERIAL = ["test/servers/", "test/federation/", "test/browser/", "test/build/"];
const AT_ONCE = 2;
/** What holds for bytes holds without our own primitives too; these suites run on that build as well. */
const OF_EVERY_MODULE = /^test\/(interop\/|tls\/(engine|negotiation|properties|resumption)\.)/;
const OTHER_MODULES = ["stock"];
/** Seconds that one job may take. */
const TIMEOUT = Number(process.env.TIMEOUT ?? 600);

/** One process to run. */
interface Job {
  readonly title: string;
  readonly command: readonly [string, ...string[]];
  /** Whether its last line counts tests; else its exit code is the one test. */
  readonly isCounting: boolean;
  readonly variables?: Readonly<Record<string, string>>;
}

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Report extends Counts {
  readonly title: string;
  readonly seconds: number;
  readonly output: string;
  readonly complaint: string | undefined;
}

/** The process groups that are alive; none outlives the runner, even when that is interrupted. */
const groups = new Set<number>();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));
process.once("exit", () => groups.forEach(kill));

async function main(): Promise<void> {
  const jobs = [...checks(), ...files()].filter(({ title }) => title.includes(wanted()));
  const isSerial = ({ title }: Job): boolean => SERIAL.some((directory) => title.startsWith(directory));
  const reports = [
    ...(await runAll(jobs.filter((job) => !isSerial(job)), AT_ONCE)),
    ...(await runAll(jobs.filter(isSerial), 1)),
  ];
  sumUp(reports);
}

function wanted(): string {
  const at = process.argv.indexOf("--only");
  return at < 0 ? "" : (process.argv[at + 1] ?? "");
}

function checks(): Job[] {
  const check = (title: string, ...command: [string, ...string[]]): Job => ({ title, command, isCounting: false });
  const jobs: Job[] = [
    check("types", "node_modules/.bin/tsc", "-p", "."),
    check("wasm/abi.ts is fresh", ...tsx("scripts/abi.ts"), "--check"),
  ];
  if (existsSync(`${ROOT}scripts/docs.ts`)) jobs.push(check("docs are fresh", ...tsx("scripts/docs.ts"), "--check"));
  return [
    ...jobs,
    { title: "native", command: ["scripts/native.sh"], isCounting: true },
    { title: "constant time", command: ["scripts/constant-time.sh"], isCounting: true },
    { title: "fuzz", command: ["scripts/fuzz.sh", "5"], isCounting: true },
  ];
}

function files(): Job[] {
  return readdirSync(`${ROOT}test`, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts"))
    .map((path) => `test/${path}`)
    .sort()
    .map((title) => ({ title, command: tsx(title), isCounting: true }))
    .flatMap((job) => [job, ...onOtherModules(job)]);
}

function onOtherModules(job: Job): Job[] {
  if (!OF_EVERY_MODULE.test(job.title)) return [];
  return OTHER_MODULES.map((name) => ({
    ...job,
    title: `${job.title} · ${name}`,
    variables: { XTLS_MODULE: `${ROOT}wasm/xtls-${name}.wasm` },
  }));
}

function tsx(file: string): [string, ...string[]] {
  return [process.execPath, "--import", "tsx", file];
}

async function runAll(jobs: readonly Job[], atOnce: number): Promise<Report[]> {
  const waiting = [...jobs];
  const reports: Report[] = [];
  const work = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const report = await run(job);
      show(report);
      reports.push(report);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return reports;
}

async function run(job: Job): Promise<Report> {
  const begin = Date.now();
  const { output, verdict } = await observe(job);
  return report(job, output, verdict, (Date.now() - begin) / 1000);
}

/** Runs a command in a process group of its own, so that a timeout ends its children too. */
function observe({ command, variables }: Job): Promise<{ output: string; verdict: string | undefined }> {
  const [program, ...args] = command;
  const env = { ...process.env, ...variables };
  const child = spawn(program, args, { cwd: ROOT, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  const group = child.pid ?? 0;
  groups.add(group);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  let verdict: string | undefined;
  const timer = setTimeout(() => {
    verdict = `took longer than ${TIMEOUT} s`;
    kill(group);
    for (const stream of [child.stdout, child.stderr]) stream.destroy();
  }, TIMEOUT * 1000);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      groups.delete(group);
      if (code !== 0) verdict ??= `ended with code ${code}`;
      resolve({ output, verdict });
    });
  });
}

function kill(group: number): void {
  try {
    if (group > 0) process.kill(-group, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function report(job: Job, output: string, verdict: string | undefined, seconds: number): Report {
  const counts = job.isCounting ? count(output) : { passed: verdict === undefined ? 1 : 0, failed: 0, skipped: 0 };
  const isEmpty = counts.passed + counts.failed + counts.skipped === 0;
  const complaint = verdict ?? (isEmpty ? "reported no tests" : undefined);
  if (complaint !== undefined && counts.failed === 0) counts.failed = 1;
  return { ...counts, title: job.title, seconds, output, complaint };
}

/** What the last line says that counts tests. */
function count(output: string): Counts {
  const [, passed, failed, skipped] =
    [...output.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)].at(-1) ?? [];
  return { passed: Number(passed ?? 0), failed: Number(failed ?? 0), skipped: Number(skipped ?? 0) };
}

function show({ title, passed, failed, skipped, seconds, output, complaint }: Report): void {
  const skips = skipped > 0 ? `, ${skipped} skipped` : "";
  console.log(`${failed > 0 ? "FAILED" : "ok    "} ${title}: ${passed} passed, ${failed} failed${skips} (${seconds.toFixed(1)} s)`);
  if (failed > 0) console.log(`${output.trimEnd()}\n${complaint === undefined ? "" : `${title} ${complaint}\n`}`);
  else for (const [line] of output.matchAll(/^skipped: .*$/gm)) console.log(`       ${line}`);
}

function sumUp(reports: readonly Report[]): void {
  const sum = (key: keyof Counts): number => reports.reduce((total, report) => total + report[key], 0);
  const bad = reports.filter(({ failed }) => failed > 0);
  if (bad.length > 0) console.log(`\nfailed: ${bad.map(({ title }) => title).join(", ")}`);
  if (reports.length === 0) console.log("nothing to run");
  console.log(`${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
  const isIncomplete = process.env.CI === "true" && sum("skipped") > 0;
  process.exitCode = bad.length > 0 || reports.length === 0 || isIncomplete ? 1 : 0;
}

await main();
