/**
 * Finds the subjects: every file in subjects/ exports one as `subject`.
 */
import { readdir } from "node:fs/promises";
import type { Subject } from "./subject.ts";

/** The baseline first: the table's ratios refer to it. */
const ORDER = ["xtls", "stock", "node:tls"];

/** What a quick run compares. */
export const QUICK: readonly string[] = ["xtls", "stock", "node:tls"];

/** All subjects, ours first, then the ones to compare with, then the rest by name. */
export async function allSubjects(): Promise<Subject[]> {
  const directory = new URL("./subjects/", import.meta.url);
  const files = (await readdir(directory)).filter((name) => name.endsWith(".ts"));
  const subjects = await Promise.all(files.map((file) => subjectIn(new URL(file, directory))));
  const place = ({ name }: Subject) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return subjects.sort((a, b) => place(a) - place(b) || a.name.localeCompare(b.name));
}

/** @throws when there is none of such a name */
export async function subjectsNamed(names: readonly string[]): Promise<Subject[]> {
  const all = await allSubjects();
  return names.map((name) => {
    const subject = all.find((each) => each.name === name);
    if (subject === undefined)
      throw new Error(`no subject ${name}; there are ${all.map((each) => each.name).join(", ")}`);
    return subject;
  });
}

async function subjectIn(file: URL): Promise<Subject> {
  const { subject } = (await import(file.href)) as { subject: Subject };
  return subject;
}
